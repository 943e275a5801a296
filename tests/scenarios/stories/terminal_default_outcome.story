A terminal that says neither outcome nor code printed a slip: approved by default, counted.
---
t=0 terminal sale 42 -
t=1 host sale 42 51
---
t=1 outcome_conflict critical 10000 CNY
    sale T0000001 42: t1 and h1
    outcome: approved and declined
events: 2
terminal outcome defaulted: 1
