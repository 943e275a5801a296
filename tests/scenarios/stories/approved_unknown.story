The slip says approved, the host does not know: judged at the pair's deadline, since an answer may still come.
---
t=0 terminal sale 42 approved
t=5 host sale 42 96
---
t=65 outcome_conflict critical 10000 CNY
    sale T0000001 42: t1 and h1
    outcome: approved and unknown
events: 2
