ISO: the terminal's answer was lost; the reversal, with a number of its own, points at the sale with field 90.
Its repeat has yet another trace number and the same field 90: one reversal.
set dialect.terminal=iso8583-ascii
set dialect.host=iso8583-ascii
---
t=0   terminal iso iso8583-ascii 0210 11=3316 39=91
t=0.5 host     iso iso8583-ascii 0210 11=3316 39=00 37=600020000000
t=60  terminal iso iso8583-ascii 0400 11=100331 90=020000331603020000000000000000000000000000
t=61  host     iso iso8583-ascii 0410 11=100331 39=00 90=020000331603020000000000000000000000000000
t=70  terminal iso iso8583-ascii 0401 11=200331 90=020000331603020000000000000000000000000000
t=71  host     iso iso8583-ascii 0410 11=200331 39=00 90=020000331603020000000000000000000000000000
t=72  terminal iso iso8583-ascii 0410 11=200331 39=00 90=020000331603020000000000000000000000000000
---
events: 5
matched: 1
reversed: 1
messages skipped terminal request: 2
updates ignored host: 1
