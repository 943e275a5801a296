A part was refunded before, so the original still stands: the denial is wrong.
---
t=0 terminal sale 42 00 batch_number=7
t=1 host sale 42 00
t=100 terminal refund 43 00 batch_number=7 original.batch_number=7 original.voucher_number=42 amount=4000
t=101 host refund 43 00 original.batch_number=7 original.voucher_number=42 amount=4000
t=1000 terminal refund 44 25 batch_number=7 original.batch_number=7 original.voucher_number=42 amount=6000
t=1001 host refund 44 25 original.batch_number=7 original.voucher_number=42 amount=6000
---
t=1301 original_denied critical 6000 CNY
    refund T0000001 44: t3 and h3
    original: sale T0000001 42
events: 6
matched: 3
