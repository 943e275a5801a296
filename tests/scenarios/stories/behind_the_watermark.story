A record that comes after its source was declared read to the end is applied at once, and what it touches is marked.
live
---
t=0   host sale 1 approved
t=0   terminal sale 1 approved
t=10  host sale 2 approved
t=120 terminal idle
t=120 host idle
t=40  terminal sale 2 approved
t=200 terminal idle
t=200 host idle
---
t=70 orphan_host critical 10000 CNY
    sale T0000001 2: none and h2
    t=100 resolved, late_match
    marked limited, weak_match
events: 4
matched: 1
behind watermark terminal: 1
