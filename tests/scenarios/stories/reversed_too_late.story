A reversal after the wait resolves the anomaly that stands.
set reversal_window=120s
set pair_window.sale=30s
---
t=0   terminal sale 42 68
t=1   host sale 42 00
t=200 terminal reversal 42 00
t=201 host reversal 42 00
---
t=121 unreversed critical 10000 CNY
    sale T0000001 42: t1 and h1
    t=201 resolved, reversed
events: 4
matched: 1
