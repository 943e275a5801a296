The longer wait of code 09 holds for a lone leg too.
---
t=0 host sale 42 09
---
t=180 orphan_host warning 10000 CNY
    sale T0000001 42: none and h1
events: 1
