A terminal used a number twice within the window: the first stays the leg, the repeat stands in its slot.
---
t=0  terminal sale 42 approved
t=1  host sale 42 approved
t=20 terminal sale 42 approved amount=7700
---
t=20 duplicate_voucher warning 0 CNY
    sale T0000001 42: t2 and h1
    the voucher number stands already: terminal event t1 at log time 1772409600000
events: 3
matched: 1
