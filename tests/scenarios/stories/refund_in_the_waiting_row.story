No terminal reverses a refund by itself: judged at the pair's deadline, a warning.
---
t=0 terminal refund 42 68
t=1 host refund 42 00
---
t=301 outcome_conflict warning 10000 CNY
    refund T0000001 42: t1 and h1
    outcome: unknown and approved
events: 2
original_unverifiable: 1
