"""The outside: Kafka, metrics, the web port and the log, each behind one module.

Edges do not import one another; ``streams.app`` wires them to the core and to Faust.
"""
