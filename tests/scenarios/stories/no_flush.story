Without the flush at the end of a replay, what has no verdict yet is pending.
no flush
---
t=0 terminal sale 42 approved
t=1 terminal sale 43 approved
t=30 host sale 43 approved
---
events: 3
matched: 1
pending: 1
