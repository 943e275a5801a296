Two candidates with nothing to compare: neither is taken.
set redelivery_horizon=400s
---
t=0   terminal sale 42 approved
t=100 terminal sale 42 approved
t=250 host sale 42 approved
---
t=60 orphan_terminal critical 10000 CNY
    sale T0000001 42: t1 and none
t=160 orphan_terminal critical 10000 CNY
    sale T0000001 42: t2 and none
t=310 orphan_host critical 10000 CNY
    sale T0000001 42: none and h1
events: 3
