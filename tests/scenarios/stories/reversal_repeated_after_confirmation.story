A repeat that comes after the reversal was confirmed is answered 25: no second anomaly.
---
t=0   terminal sale 42 68
t=1   host sale 42 00
t=60  terminal reversal 42 00
t=61  host reversal 42 00
t=300 terminal reversal 42 00
t=301 host reversal 42 25
---
events: 6
matched: 1
reversal_repeated: 1
reversed: 1
