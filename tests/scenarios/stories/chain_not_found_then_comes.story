The sale comes after the void was judged: that is all right then.
---
t=0 terminal sale 41 00 batch_number=7
t=1 host sale 41 00
t=100 terminal void 43 00 batch_number=7 original.batch_number=7 original.voucher_number=42
t=101 host void 43 00 original.batch_number=7 original.voucher_number=42
t=500 terminal sale 42 00 batch_number=7
t=501 host sale 42 00
t=600 terminal void 44 00 batch_number=7 original.batch_number=7 original.voucher_number=42
t=601 host void 44 00 original.batch_number=7 original.voucher_number=42
---
t=161 original_not_found critical 10000 CNY
    void T0000001 43: t2 and h2
    a number that is nearly the same: sale 41 of batch 7 at log time 1772409600000
    the same amount within the hour: sale 41 of batch 7 at log time 1772409600000
    original: nothing, T0000001 42
    t=500 resolved, late_match
events: 8
matched: 4
