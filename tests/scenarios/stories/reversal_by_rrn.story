A reversal may point by rrn alone.
---
t=0  terminal sale 42 68 rrn=R42
t=1  host sale 42 00 rrn=R42
t=60 terminal reversal 77 00 original.rrn=R42 original.voucher_number=000000
t=61 host reversal 77 00 original.rrn=R42 original.voucher_number=000000
---
events: 4
matched: 1
reversed: 1
