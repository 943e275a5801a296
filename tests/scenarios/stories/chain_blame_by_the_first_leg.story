Two voids at once: the one whose first leg came later is to blame, whichever is judged first.
---
t=0 terminal sale 42 00 batch_number=7
t=1 host sale 42 00
t=100 terminal void 43 00 batch_number=7 original.batch_number=7 original.voucher_number=42
t=101 terminal void 44 00 batch_number=7 original.batch_number=7 original.voucher_number=42
t=102 host void 44 00
t=150 host void 43 00
---
t=162 original_conflict critical 10000 CNY
    void T0000001 44: t3 and h2
    the original was voided before by void 43 (t2 and h3)
    original: sale T0000001 42
events: 6
matched: 3
