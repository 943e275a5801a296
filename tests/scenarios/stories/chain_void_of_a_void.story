A void of a void lets the sale stand again, so that it can be voided anew.
---
t=0 terminal sale 42 00 batch_number=7
t=1 host sale 42 00
t=100 terminal void 43 00 batch_number=7 original.batch_number=7 original.voucher_number=42
t=101 host void 43 00 original.batch_number=7 original.voucher_number=42
t=300 terminal void 44 00 batch_number=7 original.batch_number=7 original.voucher_number=43
t=301 host void 44 00 original.batch_number=7 original.voucher_number=43
t=500 terminal void 45 00 batch_number=7 original.batch_number=7 original.voucher_number=42
t=501 host void 45 00 original.batch_number=7 original.voucher_number=42
---
events: 8
matched: 4
