The host answers 12 to a preauth_void of what both sides approved.
---
t=0 terminal preauth 42 00 batch_number=7
t=1 host preauth 42 00
t=100 terminal preauth_void 43 12 batch_number=7 original.batch_number=7 original.voucher_number=42
t=101 host preauth_void 43 12 original.batch_number=7 original.voucher_number=42
---
t=161 original_denied critical 10000 CNY
    preauth_void T0000001 43: t2 and h2
    original: preauth T0000001 42
events: 4
matched: 2
