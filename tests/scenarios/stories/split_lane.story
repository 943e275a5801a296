Terminals whose key belongs to another partition: their other halves are in another lane, so no orphan is judged here.
live partitions=4
---
t=0..11.9/0.1 terminal sale 1+ approved terminal_id=W1000+
t=0..11.9/0.1 host settlement terminal_id=W1000+
t=300         terminal idle
t=300         host idle
---
t=9.9 partitioning_fault critical
    host of lane 0
    more than 1 % of the terminals of host-events in this lane belong to another by murmur2; its producer uses another partitioner, so vouchers cannot meet and orphans are not judged
t=9.9 partitioning_fault critical
    terminal of lane 0
    more than 1 % of the terminals of terminal-events in this lane belong to another by murmur2; its producer uses another partitioner, so vouchers cannot meet and orphans are not judged
events: 240
unjudged: 120
