A refund of what another till sold: nothing is found, and nothing can be said.
---
t=0 terminal sale 42 00 batch_number=7
t=1 host sale 42 00
t=100 terminal refund 43 00 batch_number=9 original.batch_number=3 original.voucher_number=77
t=101 host refund 43 00 original.batch_number=3 original.voucher_number=77
t=900 terminal completion 44 00 batch_number=9 original.auth_code=A1 card=tok-a
t=901 host completion 44 00 original.auth_code=A1 card=tok-a
---
events: 6
matched: 3
original_unverifiable: 2
