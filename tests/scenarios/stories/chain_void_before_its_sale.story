The void comes before its sale is closed, and within the deadline: it is found. The sale stays alone, with the void as evidence.
---
t=0 terminal void 43 00 batch_number=7 original.batch_number=7 original.voucher_number=42
t=1 host void 43 00
t=50 terminal sale 42 00 batch_number=7
---
t=110 orphan_terminal critical 10000 CNY
    sale T0000001 42: t2 and none
    void 43 points at it: t1 and h1
events: 3
matched: 1
