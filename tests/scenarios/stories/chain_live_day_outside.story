The day before lies outside of what the ledger of a worker covers.
live
set originals_min_cover=1m
---
t=0 terminal sale 41 00 batch_number=7
t=1 host sale 41 00
t=100 terminal void 43 00 batch_number=7 original.batch_number=7 original.voucher_number=42 original.date=0301
t=101 host void 43 00
t=102 terminal status
t=102 host status
t=300 host idle
t=300 terminal idle
---
events: 6
matched: 2
original_unverifiable: 1
