"""What really goes wrong, and what else it does: every cause of the table with its side effects.

An *episode* is one such trouble: it has a cause, a time, and terminals that it touches.  While it lasts
some of what they do is one of its faults, each with its own line of truth, and the rest of their traffic
shows what the trouble does besides: slow answers, missing heartbeats, refusals in bulk.
"""
