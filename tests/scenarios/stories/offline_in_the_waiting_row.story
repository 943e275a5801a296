Nothing that was authorised without the host is reversed by the terminal: judged at the pair's deadline.
---
t=0 terminal sale 42 51 offline=true
t=1 host sale 42 00
---
t=61 outcome_conflict warning 10000 CNY
    sale T0000001 42: t1 and h1
    outcome: declined and approved
events: 2
