# What a packed leg looks like, and what a lane's policy makes of the codes in it.

cdef enum:
    TEXT = 0x80  # of a code: the value stood in quotes
    ABSENT = 0x40  # of a code: it was null, and there is no value

# The codes of fields, in the order of ``fact.FIELDS``, and behind them that of a field with a name of its own.
cdef enum:
    EVENT_ID, KIND, EVENT_TIME, TERMINAL_ID, MERCHANT_ID, SOURCE, VOUCHER_NUMBER, BATCH_NUMBER, RRN, AUTH_CODE,
    RESPONSE_CODE, OUTCOME, AMOUNT, CURRENCY, CARD, LINK, SOFTWARE_VERSION, TERMINAL_MODEL, NETWORK_TYPE, REGION,
    OPERATOR_ID, ENTRY_MODE, ROUND_TRIP_MS, OFFLINE, RECEIVED_AT, ORIGINAL, EXTRA

USUAL_KINDS = ("sale", "void", "refund", "preauth", "preauth_void", "completion", "completion_void", "query")
FINAL_OUTCOMES = ("approved", "declined", "rejected")
ALL_OUTCOMES = (*FINAL_OUTCOMES, "unknown", "in_progress")

cdef enum:
    SALE = 0
    REFUND = 2
    PREAUTH = 3
    COMPLETION = 5
    QUERY = 7
    APPROVED = 0
    REJECTED = 2
    NO_OUTCOME = 255
    LONGEST_RECORD = 4096
    LONGEST_PACKED = 6144
    LONGEST_ID = 64
    LONGEST_PADDED = 32
    LONGEST_TEXT = 12  # below the shortest card number, 13: no field of this length needs the card test
    LONGEST_NAME = 32
    LONGEST_ORIGINAL = 255  # its length has a byte
    CODES = 1296  # response codes: two digits or capitals
    CURRENCY_LETTERS = 17576  # three capitals

cdef extern from *:
    """
    #define VW_INTEGER_LIMIT INT64_C(1000000000000)
    #define VW_LATEST_TIME_MS INT64_C(10000000000000)
    """
    const int64_t INTEGER_LIMIT "VW_INTEGER_LIMIT"
    const int64_t LATEST_TIME_MS "VW_LATEST_TIME_MS"

cdef const char* RECEIVED = b'{"received_at":   '  # what a recorded record begins with; blanks up to the next step
cdef enum:
    TIME_START = 15
    TIME_DIGITS = 13

# The values of a leg that are compared or looked up again: their places in what is packed.
cdef enum:
    AT_ID, AT_TERMINAL, AT_NUMBER, AT_MERCHANT, AT_BATCH, AT_RRN, AT_AUTH, AT_CARD, PLACES

cdef enum:
    NO_CARD, MASKED, TOKEN

cdef struct Leg:
    int64_t log_time
    int64_t offset
    int64_t amount
    uint64_t id_hash  # until it is applied; of a record that is being read its event time in epoch ms, if asked for
    void* held  # what is packed, or the event object of a record that is not usual
    uint32_t hashed
    uint32_t partner  # of a pair's first leg the second; of a free leg the next free one
    uint32_t references[2]  # hashes of rrn and auth code without leading zeros, of a pair's either leg; 0: none
    uint32_t till  # hash of the terminal; of those with the same that stand in the table, the one before and after
    uint32_t before  # of a second leg: the first leg of the pair that this one points at
    uint32_t after  # of a second leg: the first leg of the pair that points at this one
    uint32_t serial
    uint16_t size
    uint16_t currency
    uint16_t at[PLACES]
    uint8_t long_[PLACES]
    uint8_t source
    uint8_t kind
    uint8_t outcome
    uint8_t link
    uint8_t card
    uint8_t known
    uint8_t defaulted
    uint8_t state
    uint8_t awaits  # of a pair's first leg: whether it is still to be held against its original

cdef struct Dialect:
    # What a policy makes of codes; the same for all records of a lane.
    uint8_t outcome_of[CODES]
    uint16_t currency_of_digits[1000]
    uint16_t currency_of_letters[CURRENCY_LETTERS]
    uint8_t default_outcome[2]
    uint8_t check_keys
    uint8_t tells_time
    uint8_t links
    uint8_t link_size[20]
    char link_name[20][LONGEST_TEXT]

# What an ``original`` names, without padding; a part that is absent has no length.
cdef enum:
    NAMED_BATCH, NAMED_NUMBER, NAMED_RRN, NAMED_AUTH, NAMED_PARTS

cdef struct Named:
    const char* text[NAMED_PARTS]
    size_t size[NAMED_PARTS]


cdef inline bint points(int kind) noexcept nogil:
    """Tell whether a kind points at an original: void, refund, preauth_void, completion, completion_void."""
    return kind != SALE and kind != PREAUTH and kind != QUERY
