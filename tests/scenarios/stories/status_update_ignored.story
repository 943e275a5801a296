A lower or equal rank says nothing new: counted, ignored.
---
t=0 terminal sale 42 00
t=1 host sale 42 96
t=2 host sale 42 09
t=3 host sale 42 68
t=4 host sale 42 00
---
events: 5
matched: 1
status updates host: 1
updates ignored host: 2
