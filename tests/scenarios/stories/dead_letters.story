What does not decode is set aside with its reason, and the rest goes on.
---
t=0 terminal sale 42 approved
t=1 terminal raw {"event_id": 
t=2 terminal empty
t=3 terminal sale 43 approved currency=
t=4 host sale 42 approved
t=5 host sale 43 -
t=6 host cancel 43 00
---
dead letter malformed: the value is not JSON in UTF-8
dead letter missing_field: outcome and response_code are both absent in a host event
dead letter empty: the record has no value
dead letter unknown_kind: kind is none of 12 known kinds
dead letter missing_field: currency is absent
events: 2
matched: 1
