A host recorded one number twice.
---
t=0 host sale 42 approved card=622202******1234
t=5 host sale 42 approved card=622202******9999
t=6 terminal sale 42 approved card=622202******1234
---
t=5 duplicate_voucher warning 0 CNY
    sale T0000001 42: none and h2
    the voucher number stands already: host event h1 at log time 1772409600000
events: 3
matched: 1
