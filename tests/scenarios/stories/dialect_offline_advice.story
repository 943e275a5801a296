An off-line sale: the terminal says so in its advice, the host in its answer; declined, the goods are gone.
set dialect.terminal=unionpay-bcd
set dialect.host=unionpay-bcd
---
t=0 terminal iso unionpay-bcd 0220 11=50 38=123456
t=1 host     iso unionpay-bcd 0220 11=50 38=123456
t=2 host     iso unionpay-bcd 0230 11=50 38=123456 39=00
t=3 terminal iso unionpay-bcd 0230 11=50 38=123456 39=00
t=4 terminal iso unionpay-bcd 0220 11=51
t=5 host     iso unionpay-bcd 0230 11=51 39=14
t=6 terminal iso unionpay-bcd 0220 11=52
---
t=5 outcome_conflict critical 10000 CNY
    sale T0000001 000051: 0220-T0000001-000051-0302080004 and 0230-T0000001-000051-0302080005-14
    outcome: approved and declined
events: 5
matched: 1
offline_unverified: 1
messages skipped host advice: 1
messages skipped terminal acknowledgement: 1
terminal outcome defaulted: 3
