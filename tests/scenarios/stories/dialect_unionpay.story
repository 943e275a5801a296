UnionPay: requests are skipped; a reversal under the number of the sale closes the voucher that nobody answered.
set dialect.terminal=unionpay-bcd
set dialect.host=unionpay-bcd
---
t=0   terminal iso unionpay-bcd 0200 11=42 60=22000031001
t=0.1 host     iso unionpay-bcd 0200 11=42 60=22000031001
t=0.5 host     iso unionpay-bcd 0210 11=42 39=00 37=306100000042 60=22000031001
t=60  terminal iso unionpay-bcd 0400 11=42 39=98 60=22000031001 61=0000310000420302
t=61  host     iso unionpay-bcd 0410 11=42 39=00 60=22000031001 61=0000310000420302
t=62  terminal iso unionpay-bcd 0410 11=42 39=00 60=22000031001 61=0000310000420302
t=70  terminal iso unionpay-bcd 0210 11=43 39=00 37=306100000043 60=22000031001
t=70  host     iso unionpay-bcd 0210 11=43 39=00 37=306100000043 60=22000031001
---
t=60.5 orphan_host critical 10000 CNY
    sale T0000001 000042: none and 0210-T0000001-000042-0302080000-00
    t=61 resolved, reversed
events: 5
matched: 2
messages skipped host request: 1
messages skipped terminal request: 2
