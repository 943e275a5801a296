A record of another amount is no counterpart: two orphans.
---
t=0   terminal sale 42 approved amount=10000
t=100 host sale 42 approved amount=9999
---
t=60 orphan_terminal critical 10000 CNY
    sale T0000001 42: t1 and none
t=160 orphan_host critical 9999 CNY
    sale T0000001 42: none and h1
events: 2
