One number twice on one side after the deadline: the host's record pairs with the oldest that is pending.
set pair_window.sale=10s
---
t=0  terminal sale 42 68 rrn=R1
t=15 host sale 42 00 rrn=R1
---
t=615 unreversed critical 10000 CNY
    sale T0000001 42: t1 and h1
events: 2
