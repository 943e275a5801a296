The same in the ISO style: the reversal has a number of its own and points at the sale.
---
t=0  terminal sale 42 68
t=30 host sale 42 00
t=60 terminal reversal 77 00 original.voucher_number=42
t=61 host reversal 77 00 original.voucher_number=000042
---
events: 4
matched: 1
reversed: 1
