The slip says approved, the host has refused the request before processing it.
---
t=0 terminal sale 42 approved
t=1 host sale 42 30
---
t=1 outcome_conflict critical 10000 CNY
    sale T0000001 42: t1 and h1
    outcome: approved and rejected
events: 2
