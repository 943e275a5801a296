An original with one side missing counts as found, and shows who points at it.
---
t=0 terminal sale 42 00 batch_number=7
t=100 terminal void 43 00 batch_number=7 original.batch_number=7 original.voucher_number=42
t=101 host void 43 00 original.batch_number=7 original.voucher_number=42
---
t=60 orphan_terminal critical 10000 CNY
    sale T0000001 42: t1 and none
    void 43 points at it: t2 and h1
events: 3
matched: 1
