A void takes back all of the original.
---
t=0 terminal sale 42 00 batch_number=7
t=1 host sale 42 00
t=100 terminal void 43 00 batch_number=7 original.batch_number=7 original.voucher_number=42 amount=9000
t=101 host void 43 00 original.batch_number=7 original.voucher_number=42 amount=9000
---
t=161 original_conflict critical 9000 CNY
    void T0000001 43: t2 and h2
    amount 9000, the original has 10000
    original: sale T0000001 42
events: 4
matched: 2
