The host's records never came: at the limit of the hold the verdict is made, marked and ranked as info.
set hold_limit=300s
live
---
t=0      host sale 1 approved
t=0      terminal sale 1 approved
t=1..101/10 terminal sale 10+ approved
t=300    terminal idle
t=300    host idle
t=600    terminal idle
t=600    host idle
---
t=30 source_stalled critical
    host of lane 0
    no host event for 30 s of log time while the other source went on; verdicts on its missing legs are held
t=361 orphan_terminal info 10000 CNY
    sale T0000001 10: t2 and none
    marked held
t=371 orphan_terminal info 10000 CNY
    sale T0000001 11: t3 and none
    marked held
t=381 orphan_terminal info 10000 CNY
    sale T0000001 12: t4 and none
    marked held
t=391 orphan_terminal info 10000 CNY
    sale T0000001 13: t5 and none
    marked held
t=401 orphan_terminal info 10000 CNY
    sale T0000001 14: t6 and none
    marked held
t=411 orphan_terminal info 10000 CNY
    sale T0000001 15: t7 and none
    marked held
t=421 orphan_terminal info 10000 CNY
    sale T0000001 16: t8 and none
    marked held
t=431 orphan_terminal info 10000 CNY
    sale T0000001 17: t9 and none
    marked held
t=441 orphan_terminal info 10000 CNY
    sale T0000001 18: t10 and none
    marked held
t=451 orphan_terminal info 10000 CNY
    sale T0000001 19: t11 and none
    marked held
t=461 orphan_terminal info 10000 CNY
    sale T0000001 20: t12 and none
    marked held
events: 13
matched: 1
anomalies held orphan_terminal: 11
