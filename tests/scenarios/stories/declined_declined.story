Nothing moved on either side; the reasons may differ.
---
t=0 terminal sale 42 51
t=1 host sale 42 05 amount=1
---
events: 2
matched: 1
