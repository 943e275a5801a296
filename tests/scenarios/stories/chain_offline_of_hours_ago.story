A sale without the host stays findable in the ledger: nothing is opened when its record comes.
---
t=0 terminal sale 42 00 offline=true rrn=R1
t=20000 host sale 42 00 rrn=R1
---
events: 2
offline_unverified: 1
