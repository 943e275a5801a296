The whole day lies inside the ledger, and a short cover is enough by setting.
live
set originals_min_cover=1m
---
t=0 terminal sale 41 00 batch_number=7
t=1 host sale 41 00
t=100 terminal void 43 00 batch_number=7 original.batch_number=7 original.voucher_number=42 original.date=0302
t=101 host void 43 00
t=102 terminal status
t=102 host status
t=300 host idle
t=300 terminal idle
---
t=161 original_not_found critical 10000 CNY
    void T0000001 43: t2 and h2
    a number that is nearly the same: sale 41 of batch 7 at log time 1772409600000
    the same amount within the hour: sale 41 of batch 7 at log time 1772409600000
    original: nothing, T0000001 42
events: 6
matched: 2
