A query in the waiting row is matched; in a conflict it is never above info and risks nothing.
---
t=0 terminal query 42 68
t=1 host query 42 00
t=2 terminal query 43 00
t=3 host query 43 51
---
t=3 outcome_conflict info 0 CNY
    query T0000001 43: t2 and h2
    outcome: approved and declined
events: 4
matched: 1
