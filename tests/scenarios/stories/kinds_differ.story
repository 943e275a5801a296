Where the kinds differ the terminal's decides, and the difference is critical.
---
t=0 terminal sale 42 approved
t=1 host preauth 42 approved
---
t=1 mismatch critical 0 CNY
    sale T0000001 42: t1 and h1
    kind: sale and preauth
events: 2
