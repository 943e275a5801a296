A reversal that never reached the host.
---
t=0  terminal sale 42 68
t=1  host sale 42 00
t=60 terminal reversal 42 68
---
t=180 orphan_terminal warning 0 CNY
    reversal T0000001 42: t2 and none
t=601 unreversed critical 10000 CNY
    sale T0000001 42: t1 and h1
events: 3
