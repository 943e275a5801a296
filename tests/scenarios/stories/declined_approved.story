The terminal took it as declined, the host approved: waits for the reversal, then unreversed.
---
t=0 terminal sale 42 51
t=1 host sale 42 00
---
t=601 unreversed critical 10000 CNY
    sale T0000001 42: t1 and h1
events: 2
