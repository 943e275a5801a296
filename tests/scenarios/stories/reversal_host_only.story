The host reversed a sale that the terminal did not approve: nobody is wronged, counted.
---
t=0  terminal sale 42 68
t=1  host sale 42 00
t=61 host reversal 42 00
---
events: 3
reversal_host_only: 1
reversed: 1
