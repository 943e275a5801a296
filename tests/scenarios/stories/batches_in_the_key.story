Where the batch is part of the key, two batches never pair: two orphans.
set batch_in_key=true
---
t=0 terminal sale 42 approved batch_number=1
t=1 host sale 42 approved batch_number=2
t=2 host sale 43 approved
---
t=60 orphan_terminal critical 10000 CNY
    sale T0000001 42: t1 and none
    same voucher, other batch: 2
t=61 orphan_host critical 10000 CNY
    sale T0000001 42: none and h1
    same voucher, other batch: 1
dead letter missing_field: batch_number is absent; this link has it in the pairing key
events: 2
