Refunds and completions of UnionPay carry zeros for batch and voucher: rrn, or authorisation code and card.
---
t=0 terminal sale 42 00 batch_number=7 rrn=R77
t=1 host sale 42 00 rrn=R77
t=100 terminal refund 43 00 original.batch_number=000000 original.voucher_number=000000 original.rrn=R77 amount=12000
t=101 host refund 43 00 original.batch_number=000000 original.voucher_number=000000 original.rrn=R77 amount=12000
t=1000 terminal preauth 52 00 auth_code=000125 card=622202******1234
t=1001 host preauth 52 00 auth_code=125
t=1100 terminal completion 53 00 original.batch_number=000000 original.voucher_number=000000 original.auth_code=125 card=622202******1234 amount=20000
t=1101 host completion 53 00 original.batch_number=000000 original.voucher_number=000000 original.auth_code=125 card=622202******1234 amount=20000
---
t=401 original_conflict critical 12000 CNY
    refund T0000001 43: t2 and h2
    amount 12000 and 0 refunded before exceed the original's 10000
    original: sale T0000001 42
t=1161 original_conflict critical 20000 CNY
    completion T0000001 53: t4 and h4
    amount 20000 exceeds 115 % of the original's 10000
    original: preauth T0000001 52
events: 8
matched: 4
