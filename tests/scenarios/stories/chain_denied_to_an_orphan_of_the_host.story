The void is alone on the host side and denied: the sale that both approved is not to be found there.
---
t=0 terminal sale 42 00 batch_number=7
t=1 host sale 42 00
t=100 host void 43 25 original.batch_number=7 original.voucher_number=42
---
t=160 orphan_host info 0 CNY
    void T0000001 43: none and h2
t=160 original_denied critical 10000 CNY
    void T0000001 43: none and h2
    original: sale T0000001 42
events: 3
matched: 1
