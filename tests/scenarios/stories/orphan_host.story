The host recorded a voucher that no terminal reported.
---
t=0 host sale 42 approved amount=10000
t=1 host sale 43 68 amount=20000
t=2 host sale 44 51 amount=30000
---
t=60 orphan_host critical 10000 CNY
    sale T0000001 42: none and h1
t=61 orphan_host warning 20000 CNY
    sale T0000001 43: none and h2
t=62 orphan_host info 0 CNY
    sale T0000001 44: none and h3
events: 3
