The host's approval of a repeat outranks the 25 that it answered before: the sale is reversed, nothing is denied.
---
t=0   terminal sale 42 68
t=1   host sale 42 00
t=60  terminal reversal 42 68
t=61  host reversal 42 25
t=170 terminal reversal 42 68
t=171 host reversal 42 00
---
events: 6
matched: 1
reversed: 1
status updates host: 1
updates ignored terminal: 1
