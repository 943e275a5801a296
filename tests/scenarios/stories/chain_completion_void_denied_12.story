The host answers 12 to a completion_void of what both sides approved.
---
t=0 terminal completion 42 00 batch_number=7
t=1 host completion 42 00
t=100 terminal completion_void 43 12 batch_number=7 original.batch_number=7 original.voucher_number=42
t=101 host completion_void 43 12 original.batch_number=7 original.voucher_number=42
---
t=161 original_denied critical 10000 CNY
    completion_void T0000001 43: t2 and h2
    original: completion T0000001 42
events: 4
matched: 2
original_unverifiable: 1
