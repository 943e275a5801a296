A conflict that somebody reverses is over.
---
t=0   terminal sale 42 00
t=1   host sale 42 96
t=100 terminal reversal 42 00
t=101 host reversal 42 00
---
t=61 outcome_conflict critical 10000 CNY
    sale T0000001 42: t1 and h1
    outcome: approved and unknown
    t=101 resolved, reversed
events: 4
matched: 1
