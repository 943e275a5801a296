A balance query moves no money: info, nothing at risk, amount and currency not needed.
---
t=0 terminal query 42 approved amount= currency=
t=0 host query 43 approved amount= currency=
---
t=60 orphan_terminal info 0 None
    query T0000001 42: t1 and none
t=60 orphan_host info 0 None
    query T0000001 43: none and h1
events: 2
