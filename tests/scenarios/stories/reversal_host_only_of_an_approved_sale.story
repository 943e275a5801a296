The shop holds a good slip for money that the host has taken back.
---
t=0  terminal sale 42 00
t=1  host sale 42 00
t=61 host reversal 42 00
---
t=181 orphan_host critical 0 CNY
    reversal T0000001 42: none and h2
events: 3
matched: 1
