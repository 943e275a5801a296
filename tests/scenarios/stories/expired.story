Nobody resolved it within the horizon of log time: it leaves the open ones.
set resolve_horizon=1h
---
t=0    terminal sale 42 approved
t=3660 terminal settlement
t=3661 host settlement
---
t=60 orphan_terminal critical 10000 CNY
    sale T0000001 42: t1 and none
    t=3660 expired
events: 3
