Amounts of two currencies cannot be told apart in minor units: critical, nothing at risk.
---
t=0 terminal sale 42 approved currency=CNY
t=1 host sale 42 approved currency=HKD
---
t=1 mismatch critical 0 HKD
    sale T0000001 42: t1 and h1
    currency: CNY and HKD
events: 2
