A void that was reversed has done nothing: the sale can be voided anew.
---
t=0 terminal sale 42 00 batch_number=7
t=1 host sale 42 00
t=100 terminal void 43 68 batch_number=7 original.batch_number=7 original.voucher_number=42
t=101 host void 43 00 original.batch_number=7 original.voucher_number=42
t=110 terminal reversal 43 00
t=111 host reversal 43 00
t=300 terminal void 45 00 batch_number=7 original.batch_number=7 original.voucher_number=42
t=301 host void 45 00 original.batch_number=7 original.voucher_number=42
---
events: 8
matched: 3
reversed: 1
