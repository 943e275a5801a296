Code 09 and no final answer in three minutes counts as unknown.
---
t=0 terminal sale 42 00
t=1 host sale 42 09
---
t=181 outcome_conflict critical 10000 CNY
    sale T0000001 42: t1 and h1
    outcome: approved and in_progress
events: 2
