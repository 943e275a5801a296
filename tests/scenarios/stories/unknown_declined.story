The terminal got no answer and the host declined: nothing moved.
---
t=0 terminal sale 42 68
t=1 host sale 42 51
---
events: 2
matched: 1
