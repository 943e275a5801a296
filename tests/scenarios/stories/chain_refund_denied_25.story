The host answers 25 to a refund of what both sides approved.
---
t=0 terminal sale 42 00 batch_number=7
t=1 host sale 42 00
t=100 terminal refund 43 25 batch_number=7 original.batch_number=7 original.voucher_number=42
t=101 host refund 43 25 original.batch_number=7 original.voucher_number=42
---
t=401 original_denied critical 10000 CNY
    refund T0000001 43: t2 and h2
    original: sale T0000001 42
events: 4
matched: 2
