A link compares what its setting names: here the amount alone.
set links.west={compare_fields: [amount]}
---
t=0 terminal sale 42 approved merchant_id=M1
t=1 host sale 42 approved merchant_id=M2 link=west
t=2 terminal sale 43 approved merchant_id=M1
t=3 host sale 43 approved merchant_id=M2
---
t=3 mismatch critical 0 CNY
    sale T0000001 43: t2 and h2
    merchant_id: M1 and M2
events: 4
matched: 1
