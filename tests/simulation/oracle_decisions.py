"""Where the contract is silent, what the oracle takes it to mean; the product is held to the same."""

DECISIONS = (
    # Events
    "A value of blanks alone is empty; blanks and zeros are looked through before a field counts as present.",
    "A field that is present is checked whatever the kind; an unknown kind only needs fewer fields.",
    "Leading zeros are dropped from what is all digits (voucher, batch, rrn, auth code), not from a merchant number.",
    "A number and a number that show no digit at the same place are not comparable.",
    "The voucher of an anomaly is shown field by field: the terminal's value, else the host's.",
    "Currencies are shown as ISO letters, outcomes of a conflict as they stood (in_progress included).",
    # Legs
    "The kind of a leg is that of its first event: windows of an update are those of the leg's kind.",
    "Only a kind with an automatic reversal, not offline, expects its reversal when the terminal does not know.",
    "After an update the terminal's leg that still does not know expects its reversal from the update on.",
    "In a pair of two kinds the host's part of the pair's deadline is counted with the terminal's kind.",
    "A live leg is looked for before a late answer; of several legs without answer the oldest takes it.",
    "A late answer leaves the deadline of the leg where it was; a later final event is a new voucher.",
    "A late answer or an update that has a closed voucher judged again names the leg in what opens then.",
    "A late answer fills the fields that the leg lacks, as an update does; zeros count as lacking.",
    "An open anomaly keeps its voucher for late answers too, beyond L.",
    "A repeat of a reversal without original has the same pairing key.",
    "A repeat of a reversal whose new number fits a pending leg of the other side pairs with it at once.",
    # Verdicts
    "Both unknown needs a response code on both sides; a pair of reversals is simply matched.",
    "The conflict of a kind that does not wait comes at the pair's deadline, two final outcomes included.",
    "The wait for a reversal counts from the log times of the legs, not from their updates.",
    "The compared fields are those of the host leg's link, else of the terminal leg's.",
    "A mismatch is in the host's currency (both sides are approved); a duplicate in the currency of the repeat.",
    "A duplicate has the kind, and so the severity, of the voucher that it shows.",
    "An anomaly with the id of one that exists is that anomaly.",
    # Late counterparts
    "The distance of a late counterpart is taken between the log times of the legs.",
    "Open orphans and vouchers closed with one side missing are one list of candidates.",
    "A denied transaction, and a reversal judged alone as denied or repeated, stay findable too.",
    "A leg that joins a voucher closed with one side missing makes a pair that is not judged again.",
    "A reversal completed by a late counterpart is confirmed then, if its host leg is approved and one leg has found.",
    # Reversals
    "An original that names neither batch, voucher, rrn nor auth code (a date alone) names no voucher: own number.",
    "An original with a voucher and no batch fits any batch; a transaction without batch fits any original batch.",
    "Of several transactions the latest by first leg; at equal log time the later in the one order.",
    "A leg looks once, when it comes and nothing was found before; its updates and late answer do not look again.",
    "What was found stays found when the transaction becomes part of another voucher.",
    "Answered 25 or 12 means a declined outcome with that code: outcome wins over code.",
    "A host's 25 or 12 agrees with every outcome of the terminal, and no fields are compared then.",
    "A transaction that is denied while one leg waits closes at that leg's deadline with no anomaly.",
    "A denial leaves an anomaly of the transaction that is open already as it is.",
    # Memory
    "A closed voucher is forgotten when now is later than L after the last record of the runs of its events.",
    "A redelivered record lengthens the run of its voucher number.",
)
