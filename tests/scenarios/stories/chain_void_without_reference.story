A void that names nothing can be held against nothing; a day alone is no reference.
---
t=0 terminal sale 42 00 batch_number=7
t=1 host sale 42 00
t=100 terminal void 43 00 batch_number=7 
t=101 host void 43 00 
t=300 terminal void 44 00 batch_number=7 original.date=0302
t=301 host void 44 00 original.date=0302
---
events: 6
matched: 3
original_unverifiable: 2
