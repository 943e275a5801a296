The same event again: counted and dropped, also when it comes with another spelling of the JSON.
---
t=0  terminal raw {"event_id":"a","kind":"sale","event_time":1772409600000,"terminal_id":"T0000001","merchant_id":"M1","voucher_number":"42","amount":10000,"currency":"CNY","response_code":"00"}
t=10 terminal raw {"kind": "sale", "event_id": "a", "event_time": 1772409600000, "terminal_id": "T0000001", "merchant_id": "M1", "voucher_number": "42", "amount": 10000, "currency": "CNY", "response_code": "00", "received_at": 5}
t=20 host sale 42 00 merchant_id=M1
---
events: 3
matched: 1
events redelivered terminal: 1
