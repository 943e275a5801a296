"""The rules, one kind a file; ``streams.core.anomaly.KINDS`` is the table of what is fixed about each."""
