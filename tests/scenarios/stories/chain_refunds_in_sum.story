Refunds count together: the third exceeds what was sold, hours later.
---
t=0 terminal sale 42 00 batch_number=7
t=1 host sale 42 00
t=100 terminal refund 43 00 batch_number=7 original.batch_number=7 original.voucher_number=42 amount=6000
t=101 host refund 43 00 original.batch_number=7 original.voucher_number=42 amount=6000
t=1000 terminal refund 44 00 batch_number=7 original.batch_number=7 original.voucher_number=42 amount=4000
t=1001 host refund 44 00 original.batch_number=7 original.voucher_number=42 amount=4000
t=20000 terminal refund 45 00 batch_number=7 original.batch_number=7 original.voucher_number=42 amount=1
t=20001 host refund 45 00 original.batch_number=7 original.voucher_number=42 amount=1
---
t=20301 original_conflict critical 1 CNY
    refund T0000001 45: t4 and h4
    amount 1 and 10000 refunded before exceed the original's 10000
    original: sale T0000001 42
events: 8
matched: 4
