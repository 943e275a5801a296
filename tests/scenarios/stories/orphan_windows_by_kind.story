Each kind has its own pair window: 60 s, a refund 300 s, a reversal 120 s.
---
t=0 terminal sale 1 approved
t=0 terminal refund 2 approved
t=0 terminal reversal 3 approved
t=0 terminal void 4 approved
t=0 terminal completion 5 approved
---
t=60 orphan_terminal critical 10000 CNY
    sale T0000001 1: t1 and none
t=60 orphan_terminal critical 10000 CNY
    void T0000001 4: t4 and none
t=60 orphan_terminal critical 10000 CNY
    completion T0000001 5: t5 and none
t=120 orphan_terminal warning 0 CNY
    reversal T0000001 3: t3 and none
t=300 orphan_terminal critical 10000 CNY
    refund T0000001 2: t2 and none
events: 5
