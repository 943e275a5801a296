"""The pure core: bytes and time in, values out.  No I/O, no clock, no logging, no randomness."""
