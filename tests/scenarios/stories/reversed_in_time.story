The terminal got no answer and reversed: UnionPay style, with the voucher number of the sale.
---
t=0  terminal sale 42 68
t=30 host sale 42 00
t=60 terminal reversal 42 00
t=61 host reversal 42 00
---
events: 4
matched: 1
reversed: 1
