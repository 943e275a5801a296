A refund that the slip approves and the host declines is a conflict like any other.
---
t=0 terminal refund 42 00
t=1 host refund 42 51
---
t=1 outcome_conflict critical 10000 CNY
    refund T0000001 42: t1 and h1
    outcome: approved and declined
events: 2
