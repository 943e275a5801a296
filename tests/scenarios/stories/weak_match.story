Nothing but amount and currency to compare, and a single candidate: a late match, marked.
---
t=0   terminal sale 42 approved
t=100 host sale 42 approved
---
t=60 orphan_terminal critical 10000 CNY
    sale T0000001 42: t1 and none
    t=160 resolved, late_match
    marked weak_match
events: 2
