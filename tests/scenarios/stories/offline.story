Authorised without the host: alone at the deadline it is counted, and what comes later joins quietly.
---
t=0    terminal sale 42 approved offline=true rrn=R1
t=0    terminal sale 43 approved offline=true
t=200  host sale 42 approved rrn=R1
---
events: 3
offline_unverified: 2
