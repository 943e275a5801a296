A masked number and a token are not comparable, and masks of different length agree by the digits that they show.
---
t=0 terminal sale 42 approved card=622202******1234
t=1 host sale 42 approved card=tok-7f3a
t=2 terminal sale 43 approved card=622202******1234
t=3 host sale 43 approved card=6222*1234
---
events: 4
matched: 2
