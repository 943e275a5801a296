The host answers 12 to a completion of what both sides approved.
---
t=0 terminal preauth 42 00 batch_number=7
t=1 host preauth 42 00
t=100 terminal completion 43 12 batch_number=7 original.batch_number=7 original.voucher_number=42
t=101 host completion 43 12 original.batch_number=7 original.voucher_number=42
---
t=161 original_denied critical 10000 CNY
    completion T0000001 43: t2 and h2
    original: preauth T0000001 42
events: 4
matched: 2
