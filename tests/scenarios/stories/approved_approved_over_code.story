An outcome wins over a response code that says otherwise, counted.
---
t=0 terminal sale 42 00
t=1 host sale 42 51 outcome=approved
---
events: 2
matched: 1
outcome overridden host: 1
