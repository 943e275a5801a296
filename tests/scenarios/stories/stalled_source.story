The host fell silent at t=0 and speaks again at t=160: verdicts on what it lacks are held for as long as it was
silent, until t=320. Its backlog is judged as if in time; the one that it never had is an orphan at the end of the hold.
live
---
t=0      host sale 1 approved
t=0      terminal sale 1 approved
t=1..101/10 terminal sale 10+ approved
t=150    terminal idle
t=150    host idle
t=160..169 host sale 10+ approved
t=340    terminal idle
t=340    host idle
t=360    terminal idle
t=360    host idle
---
t=320 orphan_terminal critical 10000 CNY
    sale T0000001 20: t12 and none
events: 23
matched: 11
