A sender shows a card number: masked, counted, and the voucher is still watched.
---
t=0 terminal sale 42 approved card=622202000000001?
t=1 host sale 42 approved card=622202******0009
---
t=1 mismatch critical 0 CNY
    sale T0000001 42: t1 and h1
    card: 622202******0015 and 622202******0009
events: 2
card in clear terminal card: 1
