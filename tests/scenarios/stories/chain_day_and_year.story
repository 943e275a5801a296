A day is the terminal's own: the year that MMDD lacks is the latest possible, 29 February only of a leap year.
---
t=0 terminal sale 42 00 batch_number=7
t=1 host sale 42 00
t=100 terminal void 43 00 batch_number=7 original.batch_number=7 original.voucher_number=30 original.date=1231
t=101 host void 43 00 original.batch_number=7 original.voucher_number=30 original.date=1231
t=300 terminal void 44 00 batch_number=7 original.batch_number=7 original.voucher_number=31 original.date=0229
t=301 host void 44 00 original.batch_number=7 original.voucher_number=31 original.date=0229
t=500 terminal void 45 00 batch_number=7 original.batch_number=7 original.voucher_number=32 original.date=2026-03-02
t=501 host void 45 00 original.batch_number=7 original.voucher_number=32 original.date=2026-03-02
---
t=161 original_not_found critical 10000 CNY
    void T0000001 43: t2 and h2
    the same amount within the hour: sale 42 of batch 7 at log time 1772409600000
    original: nothing, T0000001 30
t=361 original_not_found critical 10000 CNY
    void T0000001 44: t3 and h3
    the same amount within the hour: sale 42 of batch 7 at log time 1772409600000
    original: nothing, T0000001 31
t=561 original_not_found critical 10000 CNY
    void T0000001 45: t4 and h4
    a number that is nearly the same: sale 42 of batch 7 at log time 1772409600000
    the same amount within the hour: sale 42 of batch 7 at log time 1772409600000
    original: nothing, T0000001 32
events: 8
matched: 4
