"""The life of one voucher: what came of it, what was judged, what it points at, and what was searched for it."""
