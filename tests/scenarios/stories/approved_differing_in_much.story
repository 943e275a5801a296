Every field that differs is listed, in the order of the contract, with both values as they were written.
---
t=0 terminal sale 42 approved merchant_id=M1 rrn=R1 auth_code=A1 batch_number=000001 card=622202******1234
t=1 host sale 42 approved merchant_id=M2 rrn=R2 auth_code=A2 batch_number=2 card=622202******9999
---
t=1 mismatch critical 0 CNY
    sale T0000001 42: t1 and h1
    merchant_id: M1 and M2
    card: 622202******1234 and 622202******9999
    auth_code: A1 and A2
    rrn: R1 and R2
    batch_number: 000001 and 2
events: 2
