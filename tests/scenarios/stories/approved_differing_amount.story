Both sides approved, but not the same amount: the difference is at risk.
---
t=0 terminal sale 42 approved amount=10000
t=1 host sale 42 approved amount=1000
---
t=1 mismatch critical 9000 CNY
    sale T0000001 42: t1 and h1
    amount: 10000 and 1000
events: 2
