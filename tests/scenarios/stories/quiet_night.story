Two sources read to their end let the deadlines pass without further records.
live
---
t=0   terminal sale 42 approved
t=94  terminal idle
t=94  host idle
t=95  terminal idle
t=95  host idle
t=96  terminal idle
t=96  host idle
---
t=60 orphan_terminal critical 10000 CNY
    sale T0000001 42: t1 and none
events: 1
