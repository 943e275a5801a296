The ledger reaches back for originals_horizon; with a day a replay of files still knows that there is nothing.
set originals_horizon=1h
---
t=0 terminal sale 42 00 batch_number=7
t=1 host sale 42 00
t=4000 terminal void 43 00 batch_number=7 original.batch_number=7 original.voucher_number=42
t=4001 host void 43 00 original.batch_number=7 original.voucher_number=42
t=5000 terminal void 44 00 batch_number=7 original.batch_number=7 original.voucher_number=42 original.date=0302
t=5001 host void 44 00 original.batch_number=7 original.voucher_number=42 original.date=0302
---
t=5061 original_not_found critical 10000 CNY
    void T0000001 44: t3 and h3
    original: nothing, T0000001 42
events: 6
matched: 3
original_unverifiable: 1
