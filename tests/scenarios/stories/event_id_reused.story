The same id with other content is another event: counted, both are watched.
---
t=0 terminal sale 42 approved event_id=same
t=1 terminal sale 43 approved event_id=same
t=2 host sale 42 approved
t=3 host sale 43 approved
---
events: 4
matched: 2
event ids reused terminal: 1
