The terminal learned the outcome after its pair had been judged: the anomaly resolves and the pair is judged anew.
---
t=0   terminal sale 42 68
t=1   host sale 42 00
t=700 terminal sale 42 00
---
t=601 unreversed critical 10000 CNY
    sale T0000001 42: t1 and h1
    t=700 resolved, late_match
events: 3
status updates terminal: 1
