The pre-authorisation is older than the ledger: the completion cannot be verified.
set originals_horizon=2h
---
t=0 terminal preauth 42 00 batch_number=7
t=1 host preauth 42 00
t=8000 terminal completion 43 00 batch_number=7 original.batch_number=7 original.voucher_number=42
t=8001 host completion 43 00 original.batch_number=7 original.voucher_number=42
---
events: 4
matched: 2
original_unverifiable: 1
