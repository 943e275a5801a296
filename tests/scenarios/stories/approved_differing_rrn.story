A difference that moves no money ranks as a warning.
---
t=0 terminal sale 42 approved rrn=260302000001 auth_code=A1
t=1 host sale 42 approved rrn=260302000002 auth_code=A1
---
t=1 mismatch warning 0 CNY
    sale T0000001 42: t1 and h1
    rrn: 260302000001 and 260302000002
events: 2
