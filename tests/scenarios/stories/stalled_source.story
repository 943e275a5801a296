The host fell silent at t=0 and speaks again at t=160: verdicts on what it lacks are held for as long as it was
silent, until t=320. Its backlog is judged as if in time; the one that it never had is an orphan at the end of the hold.
live
---
t=0      host sale 1 approved
t=0      terminal sale 1 approved
t=1..101/10 terminal sale 10+ approved
t=150    terminal idle
t=150    host idle
t=155..335/20 terminal status
t=160..169 host sale 10+ approved
t=180..340/20 host status
t=360    terminal idle
t=360    host idle
---
t=30 source_stalled critical
    host of lane 0
    no host event for 30 s of log time while the other source went on; verdicts on its missing legs are held
    t=160.999 resolved, recovered
t=320 orphan_terminal critical 10000 CNY
    sale T0000001 20: t12 and none
events: 42
matched: 11
