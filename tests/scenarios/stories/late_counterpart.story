The host's record came after the deadline: at its own deadline it finds the open orphan.
---
t=0   terminal sale 42 approved rrn=260302000001
t=100 host sale 42 approved rrn=260302000001
---
t=60 orphan_terminal critical 10000 CNY
    sale T0000001 42: t1 and none
    t=160 resolved, late_match
events: 2
