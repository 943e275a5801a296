A response code that the table does not know is unknown, counted.
---
t=0 terminal sale 42 00
t=1 host sale 42 QQ
---
t=61 outcome_conflict critical 10000 CNY
    sale T0000001 42: t1 and h1
    outcome: approved and unknown
events: 2
response codes unmapped host: 1
