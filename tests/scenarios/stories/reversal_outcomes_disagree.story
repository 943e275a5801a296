The terminal takes the sale as reversed, the host refused to.
---
t=0  terminal sale 42 68
t=1  host sale 42 00
t=60 terminal reversal 42 00
t=61 host reversal 42 51
---
t=61 mismatch warning 0 CNY
    reversal T0000001 42: t2 and h2
    outcome: approved and declined
t=601 unreversed critical 10000 CNY
    sale T0000001 42: t1 and h1
events: 4
