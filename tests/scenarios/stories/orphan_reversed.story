The orphan of the host is reversed later: resolved, and the late terminal record joins it quietly.
---
t=0   host sale 42 00
t=100 terminal reversal 42 00
t=101 host reversal 42 00
t=200 terminal sale 42 00
---
t=60 orphan_host critical 10000 CNY
    sale T0000001 42: none and h1
    t=101 resolved, reversed
events: 4
matched: 1
