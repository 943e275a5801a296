Pairing is symmetric: the host's record may be the first.
---
t=0   host sale 42 approved
t=1.5 terminal sale 42 approved
---
events: 2
matched: 1
