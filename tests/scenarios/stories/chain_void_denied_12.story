The host answers 12 to a void of what both sides approved.
---
t=0 terminal sale 42 00 batch_number=7
t=1 host sale 42 00
t=100 terminal void 43 12 batch_number=7 original.batch_number=7 original.voucher_number=42
t=101 host void 43 12 original.batch_number=7 original.voucher_number=42
---
t=161 original_denied critical 10000 CNY
    void T0000001 43: t2 and h2
    original: sale T0000001 42
events: 4
matched: 2
