The cardholder has paid, the terminal did not approve, and no reversal came in ten minutes.
---
t=0  terminal sale 42 68
t=30 host sale 42 00
---
t=630 unreversed critical 10000 CNY
    sale T0000001 42: t1 and h1
events: 2
