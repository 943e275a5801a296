The terminal printed a slip that the host never recorded: money at risk.
---
t=0 terminal sale 42 approved amount=10000
t=1 terminal sale 43 68 amount=20000
t=2 terminal sale 44 51 amount=30000
---
t=60 orphan_terminal critical 10000 CNY
    sale T0000001 42: t1 and none
t=62 orphan_terminal info 0 CNY
    sale T0000001 44: t3 and none
t=601 orphan_terminal warning 20000 CNY
    sale T0000001 43: t2 and none
events: 3
