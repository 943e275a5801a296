Beyond the horizon the same event is a new one, and here a new voucher.
---
t=0   terminal sale 42 approved
t=1   host sale 42 approved
t=302 terminal again t1
---
t=362 orphan_terminal critical 10000 CNY
    sale T0000001 42: t1 and none
events: 3
matched: 1
