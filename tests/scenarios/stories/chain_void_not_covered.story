All that is known of the terminal came after the voucher that is named: it may be older than the ledger.
---
t=0 terminal sale 50 00 batch_number=7
t=1 host sale 50 00
t=100 terminal void 51 00 batch_number=7 original.batch_number=7 original.voucher_number=42
t=101 host void 51 00 original.batch_number=7 original.voucher_number=42
---
events: 4
matched: 2
original_unverifiable: 1
