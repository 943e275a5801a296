The host's final answer comes after the conflict was opened, and disagrees for good.
---
t=0   terminal sale 42 00
t=1   host sale 42 96
t=100 host sale 42 51
---
t=61 outcome_conflict critical 10000 CNY
    sale T0000001 42: t1 and h1
    outcome: approved and unknown
    t=100 resolved, late_match
t=100 outcome_conflict critical 10000 CNY
    sale T0000001 42: t1 and h2
    outcome: approved and declined
events: 3
status updates host: 1
