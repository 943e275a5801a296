The host approved a void of a voucher that never was; the till keyed two digits the wrong way round.
---
t=0 terminal sale 24 00 batch_number=7
t=1 host sale 24 00
t=100 terminal void 43 00 batch_number=7 original.batch_number=7 original.voucher_number=42 original.date=0302
t=101 host void 43 00 original.batch_number=7 original.voucher_number=42 original.date=0302
---
t=161 original_not_found critical 10000 CNY
    void T0000001 43: t2 and h2
    a number that is nearly the same: sale 24 of batch 7 at log time 1772409600000
    the same amount within the hour: sale 24 of batch 7 at log time 1772409600000
    original: nothing, T0000001 42
events: 4
matched: 2
