What the host declines is the host doing its work; what only the terminal has is an orphan.
---
t=0 terminal sale 42 00 batch_number=7
t=1 host sale 42 00
t=100 terminal void 43 51 batch_number=7 original.batch_number=7 original.voucher_number=99
t=101 host void 43 51 original.batch_number=7 original.voucher_number=99
t=300 terminal void 44 00 batch_number=7 original.batch_number=7 original.voucher_number=98
---
t=360 orphan_terminal critical 10000 CNY
    void T0000001 44: t3 and none
events: 5
matched: 2
