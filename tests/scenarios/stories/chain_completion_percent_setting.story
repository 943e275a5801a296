Another percentage is a setting.
set completion_max_percent=100
---
t=0 terminal preauth 42 00 batch_number=7
t=1 host preauth 42 00
t=100 terminal completion 43 00 batch_number=7 original.batch_number=7 original.voucher_number=42 amount=11500
t=101 host completion 43 00 original.batch_number=7 original.voucher_number=42 amount=11500
---
t=161 original_conflict critical 11500 CNY
    completion T0000001 43: t2 and h2
    amount 11500 exceeds 100 % of the original's 10000
    original: preauth T0000001 42
events: 4
matched: 2
