The request got lost: the host never saw the sale, and confirms the reversal. The orphan does not open.
---
t=0  terminal sale 42 68
t=60 terminal reversal 42 00
t=61 host reversal 42 00
---
events: 3
matched: 1
reversed: 1
