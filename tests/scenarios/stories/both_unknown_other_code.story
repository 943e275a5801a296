Neither side knows, for different reasons: the row waits for a reversal.
---
t=0 terminal sale 42 68
t=1 host sale 42 96
---
t=601 unreversed critical 10000 CNY
    sale T0000001 42: t1 and h1
events: 2
