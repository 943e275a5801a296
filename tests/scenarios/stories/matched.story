Both sides approved, and all that both carry agrees. Padding is no difference, and a number of zeros is absent.
---
t=0   terminal sale 42 approved batch_number=000007 rrn=000000000000 card=622202******1234
t=1.5 host sale 000042 00 batch_number=7 rrn=260302000001 card=62220*****1234 currency=156
---
events: 2
matched: 1
