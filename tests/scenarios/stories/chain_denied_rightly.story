What was declined, voided, refunded in full or never was is denied rightly.
---
t=0 terminal sale 41 51
t=1 host sale 41 51
t=100 terminal void 45 25 original.voucher_number=41
t=101 host void 45 25 original.voucher_number=41
t=200 terminal sale 42 00 batch_number=7
t=201 host sale 42 00
t=300 terminal void 46 00 original.batch_number=7 original.voucher_number=42
t=301 host void 46 00 original.batch_number=7 original.voucher_number=42
t=400 terminal void 47 25 original.batch_number=7 original.voucher_number=42
t=401 host void 47 25 original.batch_number=7 original.voucher_number=42
t=500 terminal sale 48 00
t=501 host sale 48 00
t=600 terminal refund 49 00 original.voucher_number=48
t=601 host refund 49 00 original.voucher_number=48
t=1000 terminal refund 50 12 original.voucher_number=48
t=1001 host refund 50 12 original.voucher_number=48
t=1500 terminal refund 51 25 original.voucher_number=99
t=1501 host refund 51 25 original.voucher_number=99
---
events: 18
matched: 9
