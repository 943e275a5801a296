The terminal's final answer comes while its pair still waits for a reversal: a status update, judged now.
---
t=0   terminal sale 42 68
t=1   host sale 42 00
t=300 terminal sale 42 00
---
events: 3
matched: 1
status updates terminal: 1
