Terminals whose key belongs to another partition: their other halves are in another lane, so no orphan is judged here.
live partitions=4
---
t=0..11.9/0.1 terminal sale 1+ approved terminal_id=W1000+
t=0..11.9/0.1 host settlement terminal_id=W1000+
t=300         terminal idle
t=300         host idle
---
events: 240
unjudged: 120
