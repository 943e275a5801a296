A sale closed as reversed with its host side missing stays findable: the late leg joins and opens nothing.
---
t=0   terminal sale 42 00
t=30  terminal reversal 42 00
t=31  host reversal 42 00
t=100 host sale 42 00
---
events: 4
matched: 1
reversed: 1
