Code 09: the host works on it, and the final answer comes within its window as a status update.
---
t=0  terminal sale 42 00
t=1  host sale 42 09
t=90 host sale 42 00
---
events: 3
matched: 1
status updates host: 1
