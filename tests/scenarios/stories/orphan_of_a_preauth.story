A pre-authorisation only blocks an amount: an orphan of it never ranks above warning.
---
t=0 terminal preauth 42 approved
t=0 host preauth 43 approved
---
t=60 orphan_terminal warning 10000 CNY
    preauth T0000001 42: t1 and none
t=60 orphan_host warning 10000 CNY
    preauth T0000001 43: none and h1
events: 2
