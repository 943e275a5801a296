A mismatch that somebody reverses is over.
---
t=0   terminal sale 42 00 amount=100
t=1   host sale 42 00 amount=1000
t=100 terminal reversal 42 00
t=101 host reversal 42 00
---
t=1 mismatch critical 900 CNY
    sale T0000001 42: t1 and h1
    amount: 100 and 1000
    t=101 resolved, reversed
events: 4
matched: 1
