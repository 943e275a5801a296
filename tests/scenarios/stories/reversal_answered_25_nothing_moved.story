The host knows no original and has none: the reversal is as good as done.
---
t=0  terminal sale 42 68
t=60 terminal reversal 42 00
t=61 host reversal 42 25
---
events: 3
matched: 1
reversed: 1
