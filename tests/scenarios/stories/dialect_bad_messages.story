What no dialect can read is set aside with its reason; a card number in packed digits is masked and counted.
set dialect.terminal=unionpay-bcd
set dialect.host=iso8583-ascii
---
t=0 terminal iso unionpay-bcd 0210 11=42 39=00 2=622588123456781?
t=1 host     iso iso8583-ascii 0210 11=42 39=00 2=622588123456781?
t=2 terminal raw 0210
t=3 terminal iso unionpay-bcd 0210 11=43 39=00 3=990000
t=4 host     raw {"message": "30323130"}
t=5 host     iso iso8583-ascii 0210 11=44 39=00 41=T0000009 49=
t=6 host     iso iso8583-ascii 0230 11=45
---
dead letter iso8583: no message type of ISO 8583 at byte 0, read as unionpay-bcd
dead letter iso8583: field p cannot be read at byte 4, read as iso8583-ascii
dead letter unknown_kind: message type 0210 with processing code 99 and condition code 00 is in no row of unionpay-bcd
dead letter missing_field: currency is absent
dead letter missing_field: outcome and response_code are both absent in a host event
events: 2
matched: 1
card in clear host card: 1
card in clear terminal card: 1
