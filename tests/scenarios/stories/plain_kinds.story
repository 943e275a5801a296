Batch totals, heartbeats and notices carry no voucher: counted as events, nothing waits for them.
---
t=0 terminal settlement
t=1 host settlement
t=2 terminal status
t=3 host notice
---
events: 4
