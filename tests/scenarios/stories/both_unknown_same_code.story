Neither side knows, for the same reason; counted, no anomaly.
---
t=0 terminal sale 42 96
t=1 host sale 42 96
---
events: 2
both_unknown: 1
