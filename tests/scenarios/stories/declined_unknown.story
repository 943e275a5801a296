The terminal gave up and the host does not know: waits for a reversal from the pair's deadline on.
---
t=0 terminal sale 42 51
t=1 host sale 42 68
---
t=601 unreversed critical 10000 CNY
    sale T0000001 42: t1 and h1
events: 2
