The late record is the same voucher, judged now by the table: another anomaly stands in place of the orphan.
---
t=0   terminal sale 42 approved rrn=260302000001 merchant_id=M1
t=100 host sale 42 approved rrn=260302000001 merchant_id=M2
---
t=60 orphan_terminal critical 10000 CNY
    sale T0000001 42: t1 and none
    t=160 resolved, late_match
t=160 mismatch critical 0 CNY
    sale T0000001 42: t1 and h1
    merchant_id: M1 and M2
events: 2
