A sale can be voided once; hours later too.
---
t=0 terminal sale 42 00 batch_number=7
t=1 host sale 42 00
t=100 terminal void 43 00 batch_number=7 original.batch_number=7 original.voucher_number=42
t=101 host void 43 00 original.batch_number=7 original.voucher_number=42
t=300 terminal void 44 00 batch_number=7 original.batch_number=7 original.voucher_number=42
t=301 host void 44 00 original.batch_number=7 original.voucher_number=42
t=20000 terminal refund 45 00 batch_number=7 original.batch_number=7 original.voucher_number=42
t=20001 host refund 45 00 original.batch_number=7 original.voucher_number=42
---
t=361 original_conflict critical 10000 CNY
    void T0000001 44: t3 and h3
    the original was voided before by void 43 (t2 and h2)
    original: sale T0000001 42
t=20301 original_conflict critical 10000 CNY
    refund T0000001 45: t4 and h4
    the original was voided before by void 43 (t2 and h2)
    original: sale T0000001 42
events: 8
matched: 4
