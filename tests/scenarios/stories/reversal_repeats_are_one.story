Repeats of one reversal are status updates whatever their own numbers.
---
t=0   terminal sale 42 68
t=1   host sale 42 00
t=60  terminal reversal 70 68 original.voucher_number=42
t=90  terminal reversal 71 68 original.voucher_number=42
t=120 terminal reversal 72 00 original.voucher_number=42
t=121 host reversal 72 00 original.voucher_number=42
---
events: 6
matched: 1
reversed: 1
status updates terminal: 1
updates ignored terminal: 1
