A lone leg judged as unknown learns its outcome: the orphan resolves, and one of the new outcome stands.
---
t=0   host sale 42 96
t=100 host sale 42 00
---
t=60 orphan_host warning 10000 CNY
    sale T0000001 42: none and h1
    t=100 resolved, late_match
t=100 orphan_host critical 10000 CNY
    sale T0000001 42: none and h2
events: 2
status updates host: 1
