A repeat of a query ranks as info.
---
t=0 terminal query 42 00
t=1 terminal query 42 00
t=2 host query 42 00
---
t=1 duplicate_voucher info 0 CNY
    query T0000001 42: t2 and none
    the voucher number stands already: terminal event t1 at log time 1772409600000
events: 3
matched: 1
