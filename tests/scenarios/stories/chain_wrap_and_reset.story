Numbers begin anew: the batch tells which is meant, without one the latest.
---
t=0 terminal sale 999999 00 batch_number=6
t=1 host sale 999999 00
t=10 terminal sale 1 00 batch_number=6 amount=500
t=11 host sale 1 00 amount=500
t=3000 terminal sale 1 00 batch_number=7 amount=700
t=3001 host sale 1 00 amount=700
t=4000 terminal void 2 00 batch_number=7 original.batch_number=6 original.voucher_number=000001 amount=500
t=4001 host void 2 00 original.batch_number=6 original.voucher_number=000001 amount=500
t=4200 terminal void 3 00 batch_number=7 original.batch_number=7 original.voucher_number=000001 amount=700
t=4201 host void 3 00 original.batch_number=7 original.voucher_number=000001 amount=700
t=4400 terminal void 4 00 batch_number=7 original.voucher_number=000001 amount=700
t=4401 host void 4 00 original.voucher_number=000001 amount=700
---
t=4461 original_conflict critical 700 CNY
    void T0000001 4: t6 and h6
    the original was voided before by void 3 (t5 and h5)
    original: sale T0000001 1
events: 12
matched: 6
