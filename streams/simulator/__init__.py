"""A fleet of card terminals and its host, with labelled faults and the truth beside them.

Apart from the core on purpose: it imports nothing of it and derives what each fault must lead to
from the contract alone, so that the two can be held against each other.
"""
