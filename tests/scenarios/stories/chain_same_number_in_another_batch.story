The number is there, in another batch: not found, with a hint.
---
t=0 terminal sale 42 00 batch_number=6
t=1 host sale 42 00 batch_number=6
t=100 terminal void 43 00 batch_number=7 original.batch_number=7 original.voucher_number=42
t=101 host void 43 00 original.batch_number=7 original.voucher_number=42
---
t=161 original_not_found critical 10000 CNY
    void T0000001 43: t2 and h2
    the same voucher number in another batch: sale 42 of batch 6 at log time 1772409600000
    the same amount within the hour: sale 42 of batch 6 at log time 1772409600000
    original: nothing, T0000001 42
events: 4
matched: 2
