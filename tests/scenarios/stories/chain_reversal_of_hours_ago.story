A reversal finds the sale that memory has forgotten, and the host denies what it has approved.
---
t=0 terminal sale 42 00 batch_number=7
t=1 host sale 42 00
t=20000 terminal reversal 42 00
t=20001 host reversal 42 25
---
t=20121 original_denied critical 10000 CNY
    reversal T0000001 42: t2 and h2
    original: sale T0000001 42
events: 4
matched: 1
