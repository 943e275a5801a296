Code 12 says the same as 25.
---
t=0  terminal sale 42 68
t=1  host sale 42 00
t=60 terminal reversal 42 12
t=61 host reversal 42 12
---
t=181 original_denied critical 10000 CNY
    reversal T0000001 42: t2 and h2
    original: sale T0000001 42
events: 4
