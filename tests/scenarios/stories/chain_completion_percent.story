A completion may take 115 % of the pre-authorisation, not more.
---
t=0 terminal preauth 42 00 batch_number=7
t=1 host preauth 42 00
t=100 terminal completion 43 00 batch_number=7 original.batch_number=7 original.voucher_number=42 amount=11500
t=101 host completion 43 00 original.batch_number=7 original.voucher_number=42 amount=11500
t=200 terminal preauth 52 00
t=201 host preauth 52 00
t=300 terminal completion 53 00 original.voucher_number=52 amount=11501
t=301 host completion 53 00 original.voucher_number=52 amount=11501
---
t=361 original_conflict critical 11501 CNY
    completion T0000001 53: t4 and h4
    amount 11501 exceeds 115 % of the original's 10000
    original: preauth T0000001 52
events: 8
matched: 4
