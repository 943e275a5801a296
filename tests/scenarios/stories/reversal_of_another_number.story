A reversal with an original looks only for that: no fallback to its own number.
---
t=0  terminal sale 42 68
t=1  host sale 42 00
t=60 terminal reversal 42 00 original.voucher_number=41
t=61 host reversal 42 00 original.voucher_number=41
---
t=601 unreversed critical 10000 CNY
    sale T0000001 42: t1 and h1
events: 4
matched: 1
