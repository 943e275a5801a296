The slip says approved, the host has declined.
---
t=0 terminal sale 42 approved
t=1 host sale 42 51 amount=9000
---
t=1 outcome_conflict critical 10000 CNY
    sale T0000001 42: t1 and h1
    outcome: approved and declined
    amount: 10000 and 9000
events: 2
