The reversal is in the log before the sale that it names: it belongs to nothing, and the sale stands alone.
---
t=0  terminal reversal 42 00
t=1  host reversal 42 00
t=10 host sale 42 00
---
t=70 orphan_host critical 10000 CNY
    sale T0000001 42: none and h2
events: 3
matched: 1
