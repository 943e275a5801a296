The sale was declined by the host, and yet it is voided; of an orphan its only leg decides.
---
t=0 terminal sale 42 00 batch_number=7
t=1 host sale 42 51
t=100 terminal void 43 00 batch_number=7 original.batch_number=7 original.voucher_number=42
t=101 host void 43 00 original.batch_number=7 original.voucher_number=42
t=200 terminal sale 52 51 batch_number=7
t=300 terminal refund 53 00 batch_number=7 original.batch_number=7 original.voucher_number=52
t=301 host refund 53 00 original.batch_number=7 original.voucher_number=52
---
t=1 outcome_conflict critical 10000 CNY
    sale T0000001 42: t1 and h1
    outcome: approved and declined
t=161 original_conflict critical 10000 CNY
    void T0000001 43: t2 and h2
    the original was declined by the host, code 51
    original: sale T0000001 42
t=260 orphan_terminal info 0 CNY
    sale T0000001 52: t3 and none
    refund 53 points at it: t4 and h3
t=601 original_conflict critical 10000 CNY
    refund T0000001 53: t4 and h3
    the original was declined by the terminal, code 51
    original: sale T0000001 52
events: 7
matched: 2
