The same void under the same number once more is a repeat, and conflicts with nobody; so with refunds.
---
t=0 terminal sale 42 00 batch_number=7
t=1 host sale 42 00
t=100 terminal void 43 00 batch_number=7 original.batch_number=7 original.voucher_number=42
t=101 host void 43 00 original.batch_number=7 original.voucher_number=42
t=300 terminal void 43 00 batch_number=7 original.batch_number=7 original.voucher_number=42
t=301 host void 43 00 original.batch_number=7 original.voucher_number=42
t=1000 terminal sale 52 00
t=1001 host sale 52 00
t=1100 terminal refund 53 00 original.voucher_number=52 amount=6000
t=1101 host refund 53 00 original.voucher_number=52 amount=6000
t=2000 terminal refund 53 00 original.voucher_number=52 amount=6000
t=2001 host refund 53 00 original.voucher_number=52 amount=6000
t=3000 terminal refund 54 00 original.voucher_number=52 amount=4000
t=3001 host refund 54 00 original.voucher_number=52 amount=4000
---
events: 14
matched: 7
