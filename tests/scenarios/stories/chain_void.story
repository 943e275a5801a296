A void of a sale that stands: nothing to say, hours later too.
---
t=0 terminal sale 42 00 batch_number=7
t=1 host sale 42 00
t=7200 terminal void 43 00 batch_number=7 original.batch_number=7 original.voucher_number=42
t=7201 host void 43 00 original.batch_number=7 original.voucher_number=42
---
events: 4
matched: 2
