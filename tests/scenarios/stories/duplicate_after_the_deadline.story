The same number after the deadline is a new voucher.
---
t=0  terminal sale 42 approved
t=1  host sale 42 approved
t=61 terminal sale 42 approved amount=7700
t=62 host sale 42 approved amount=7700
---
events: 4
matched: 2
