What was reversed before can no longer be voided.
---
t=0 terminal sale 42 68 batch_number=7
t=1 host sale 42 00
t=20 terminal reversal 42 00
t=21 host reversal 42 00
t=100 terminal void 43 00 batch_number=7 original.batch_number=7 original.voucher_number=42
t=101 host void 43 00 original.batch_number=7 original.voucher_number=42
---
t=161 original_conflict critical 10000 CNY
    void T0000001 43: t3 and h3
    the original was reversed before by reversal 42 (t2 and h2)
    original: sale T0000001 42
events: 6
matched: 2
reversed: 1
