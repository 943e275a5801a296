# The usual record, read once: from JSON bytes to a leg and its packed fields, without an object.
#
# Whatever is spelled in an unusual way (an escape, a float, a nested object, a blank at an end, a
# name twice, a card number in clear) is declined, never judged: decode.py then reads it.  So all
# that is written here has to be is a subset of what decode.py accepts, with the same meaning.
#
# Packed fields are one after the other: a code, the length of the value, the value as it stood in
# JSON without quotes.  A null is kept: a copy of the record without it is no second delivery.  A field of the sender's own has its name, with its length, before the value.

cdef enum:
    TEXT = 0x80  # of a code: the value stood in quotes
    ABSENT = 0x40  # of a code: it was null, and there is no value

cdef enum:
    EVENT_ID, KIND, EVENT_TIME, TERMINAL_ID, MERCHANT_ID, SOURCE, VOUCHER_NUMBER, BATCH_NUMBER, RRN, AUTH_CODE,
    RESPONSE_CODE, OUTCOME, AMOUNT, CURRENCY, CARD, LINK, SOFTWARE_VERSION, TERMINAL_MODEL, NETWORK_TYPE, REGION,
    OPERATOR_ID, ENTRY_MODE, ROUND_TRIP_MS, OFFLINE, RECEIVED_AT, EXTRA

FIELDS = (
    b"event_id", b"kind", b"event_time", b"terminal_id", b"merchant_id", b"source", b"voucher_number", b"batch_number",
    b"rrn", b"auth_code", b"response_code", b"outcome", b"amount", b"currency", b"card", b"link", b"software_version",
    b"terminal_model", b"network_type", b"region", b"operator_id", b"entry_mode", b"round_trip_ms", b"offline",
    b"received_at",
)
USUAL_KINDS = ("sale", "void", "refund", "preauth", "preauth_void", "completion", "completion_void", "query")
FINAL_OUTCOMES = ("approved", "declined", "rejected")
ALL_OUTCOMES = (*FINAL_OUTCOMES, "unknown", "in_progress")

cdef enum:
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
    CODES = 1296  # response codes: two digits or capitals
    CURRENCY_LETTERS = 17576  # three capitals

cdef extern from *:
    """
    #define VW_INTEGER_LIMIT INT64_C(1000000000000)
    #define VW_LATEST_TIME_MS INT64_C(10000000000000)
    """
    const int64_t INTEGER_LIMIT "VW_INTEGER_LIMIT"
    const int64_t LATEST_TIME_MS "VW_LATEST_TIME_MS"

# The values of a leg that are compared or looked up again: their places in what is packed.
cdef enum:
    AT_ID, AT_TERMINAL, AT_NUMBER, AT_MERCHANT, AT_BATCH, AT_RRN, AT_AUTH, AT_CARD, PLACES

cdef enum:
    NO_CARD, MASKED, TOKEN

cdef struct Leg:
    int64_t log_time
    int64_t offset
    int64_t amount
    uint64_t id_hash  # until it is applied
    void* held  # what is packed, or the event object of a record that is not usual
    uint32_t hashed
    uint32_t partner  # of a pair's first leg the second; of a free leg the next free one
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

cdef struct Dialect:
    # What a policy makes of codes; the same for all records of a lane.
    uint8_t outcome_of[CODES]
    uint16_t currency_of_digits[1000]
    uint16_t currency_of_letters[CURRENCY_LETTERS]
    uint8_t default_outcome[2]
    uint8_t check_keys
    uint8_t links
    uint8_t link_size[20]
    char link_name[20][LONGEST_TEXT]

cdef uint8_t PLAIN[256]  # printable ASCII but for the quote and the backslash
cdef int _sign
for _sign in range(256):
    PLAIN[_sign] = 0x20 <= _sign <= 0x7E and _sign not in (0x22, 0x5C)


cdef inline bint is_digits(const char* text, size_t size) noexcept nogil:
    cdef size_t i
    for i in range(size):
        if text[i] < c"0" or text[i] > c"9":
            return False
    return True


cdef inline int two_digits(const char* text) noexcept nogil:
    if text[0] < c"0" or text[0] > c"9" or text[1] < c"0" or text[1] > c"9":
        return -1
    return (text[0] - c"0") * 10 + text[1] - c"0"


cdef bint is_usual_time(const char* text, size_t size) noexcept nogil:
    """Tell whether a text is an RFC 3339 time with offset, in whole seconds or milliseconds."""
    cdef int century, year, month, day, hour, minute, second, full
    cdef size_t end = 19
    if size < 20 or text[4] != c"-" or text[7] != c"-" or text[10] != c"T" or text[13] != c":" or text[16] != c":":
        return False
    century, year, month, day = two_digits(text), two_digits(text + 2), two_digits(text + 5), two_digits(text + 8)
    hour, minute, second = two_digits(text + 11), two_digits(text + 14), two_digits(text + 17)
    if century < 0 or year < 0 or century + year == 0 or month < 1 or month > 12 or day < 1:
        return False
    full = 31
    if month == 4 or month == 6 or month == 9 or month == 11:
        full = 30
    elif month == 2:
        full = 28 + (year % 4 == 0 and (year != 0 or century % 4 == 0))
    if day > full or hour < 0 or hour > 23 or minute < 0 or minute > 59 or second < 0 or second > 59:
        return False
    if text[19] == c".":
        if size < 24 or not is_digits(text + 20, 3):
            return False
        end = 23
    if size == end + 1:
        return text[end] == c"Z"
    if size != end + 6 or (text[end] != c"+" and text[end] != c"-") or text[end + 3] != c":":
        return False
    hour, minute = two_digits(text + end + 1), two_digits(text + end + 4)
    return 0 <= hour < 24 and 0 <= minute < 60


cdef inline int code_place(const char* text) noexcept nogil:
    """Return the place of a response code in the table, -1 where it is not two digits or capitals."""
    cdef int i, one, place = 0
    for i in range(2):
        if c"0" <= text[i] <= c"9":
            one = text[i] - c"0"
        elif c"A" <= text[i] <= c"Z":
            one = text[i] - c"A" + 10
        else:
            return -1
        place = place * 36 + one
    return place


cdef inline int letters_place(const char* text) noexcept nogil:
    cdef int i, place = 0
    for i in range(3):
        if text[i] < c"A" or text[i] > c"Z":
            return -1
        place = place * 26 + text[i] - c"A"
    return place


cdef uint8_t card_class(const char* text, size_t size) noexcept nogil:
    """Tell a masked number from a token; ``NO_CARD`` where a closer look is needed."""
    cdef size_t i, run = 0
    cdef bint token = False
    cdef char sign
    if size > 10 and size <= 33 and is_digits(text + size - 4, 4):
        sign = text[6]
        if sign == c"*" or sign == c"x" or sign == c"X" or sign == c"#":
            i = 7
            while i < size - 4 and text[i] == sign:
                i += 1
            if i == size - 4:
                for i in range(6):
                    if text[i] != c"*" and (text[i] < c"0" or text[i] > c"9"):
                        break
                else:
                    return MASKED
    if size > LONGEST_ID:
        return NO_CARD
    for i in range(size):
        if c"0" <= text[i] <= c"9":
            run += 1
            if run >= 13:
                return NO_CARD
            continue
        run = 0
        if text[i] == c"_" or (c"A" <= text[i] <= c"Z" and text[i] != c"X") or (
            c"a" <= text[i] <= c"z" and text[i] != c"x"
        ):
            token = True
    return TOKEN if token else NO_CARD


cdef inline int field_of(const char* name, size_t size) noexcept nogil:
    """Return the code of a field's name, ``EXTRA`` for one of the sender's own, -1 for ``original``."""
    if size == 4:
        if memcmp(name, b"kind", 4) == 0:
            return KIND
        if memcmp(name, b"card", 4) == 0:
            return CARD
        if memcmp(name, b"link", 4) == 0:
            return LINK
    elif size == 11:
        if memcmp(name, b"terminal_id", 11) == 0:
            return TERMINAL_ID
        if memcmp(name, b"merchant_id", 11) == 0:
            return MERCHANT_ID
        if memcmp(name, b"received_at", 11) == 0:
            return RECEIVED_AT
        if memcmp(name, b"operator_id", 11) == 0:
            return OPERATOR_ID
    elif size == 8:
        if memcmp(name, b"event_id", 8) == 0:
            return EVENT_ID
        if memcmp(name, b"currency", 8) == 0:
            return CURRENCY
        if memcmp(name, b"original", 8) == 0:
            return -1
    elif size == 6:
        if memcmp(name, b"amount", 6) == 0:
            return AMOUNT
        if memcmp(name, b"region", 6) == 0:
            return REGION
        if memcmp(name, b"source", 6) == 0:
            return SOURCE
    elif size == 12:
        if memcmp(name, b"batch_number", 12) == 0:
            return BATCH_NUMBER
        if memcmp(name, b"network_type", 12) == 0:
            return NETWORK_TYPE
    elif size == 13:
        if memcmp(name, b"response_code", 13) == 0:
            return RESPONSE_CODE
        if memcmp(name, b"round_trip_ms", 13) == 0:
            return ROUND_TRIP_MS
    elif size == 14:
        if memcmp(name, b"voucher_number", 14) == 0:
            return VOUCHER_NUMBER
        if memcmp(name, b"terminal_model", 14) == 0:
            return TERMINAL_MODEL
    elif size == 10:
        if memcmp(name, b"event_time", 10) == 0:
            return EVENT_TIME
        if memcmp(name, b"entry_mode", 10) == 0:
            return ENTRY_MODE
    elif size == 3:
        if memcmp(name, b"rrn", 3) == 0:
            return RRN
    elif size == 9:
        if memcmp(name, b"auth_code", 9) == 0:
            return AUTH_CODE
    elif size == 7:
        if memcmp(name, b"outcome", 7) == 0:
            return OUTCOME
        if memcmp(name, b"offline", 7) == 0:
            return OFFLINE
    elif size == 16:
        if memcmp(name, b"software_version", 16) == 0:
            return SOFTWARE_VERSION
    return EXTRA


cdef inline int kind_of(const char* text, size_t size) noexcept nogil:
    if size == 4 and memcmp(text, b"sale", 4) == 0:
        return 0
    if size == 4 and memcmp(text, b"void", 4) == 0:
        return 1
    if size == 6 and memcmp(text, b"refund", 6) == 0:
        return 2
    if size == 7 and memcmp(text, b"preauth", 7) == 0:
        return 3
    if size == 12 and memcmp(text, b"preauth_void", 12) == 0:
        return 4
    if size == 10 and memcmp(text, b"completion", 10) == 0:
        return 5
    if size == 15 and memcmp(text, b"completion_void", 15) == 0:
        return 6
    if size == 5 and memcmp(text, b"query", 5) == 0:
        return QUERY
    return -1


cdef inline int outcome_of(const char* text, size_t size) noexcept nogil:
    """Return the place of a final outcome's name, -1 for any other text."""
    if size == 8:
        if memcmp(text, b"approved", 8) == 0:
            return 0
        if memcmp(text, b"declined", 8) == 0:
            return 1
        if memcmp(text, b"rejected", 8) == 0:
            return 2
    return -1


cdef inline size_t trimmed(const char** text, size_t size) noexcept nogil:
    """Move past the blanks before a text and return its length without those behind it."""
    while size and text[0][0] == c" ":
        text[0] += 1
        size -= 1
    while size and text[0][size - 1] == c" ":
        size -= 1
    return size


cdef inline bint is_trimmed(const char* text, size_t size) noexcept nogil:
    return text[0] != c" " and text[size - 1] != c" "


cdef bint take_text(
    int field, const char* text, size_t size, const Dialect* dialect, Leg* leg, int* said, int* code
) noexcept nogil:
    """Check one field that stood in quotes, and note what of it is needed later."""
    cdef int place
    if size == 0 or size > 255:
        return False
    if field == EVENT_ID:
        return size <= LONGEST_ID and is_trimmed(text, size)
    if field == KIND:
        place = kind_of(text, size)
        leg.kind = <uint8_t>place
        return place >= 0
    if field == EVENT_TIME:
        return is_usual_time(text, size)
    if field == TERMINAL_ID:
        return size <= LONGEST_PADDED and 0 < trimmed(&text, size) <= 16
    if field == MERCHANT_ID:
        return size <= LONGEST_PADDED and 0 < trimmed(&text, size) <= 15
    if field == SOURCE:
        if leg.source == 0:
            return size == 8 and memcmp(text, b"terminal", 8) == 0
        return size == 4 and memcmp(text, b"host", 4) == 0
    if field == VOUCHER_NUMBER:
        return size <= 12 and is_digits(text, size)
    if field == BATCH_NUMBER:
        return size <= 6 and is_digits(text, size)
    if field == RRN:
        return size <= 12 and trimmed(&text, size) > 0
    if field == AUTH_CODE:
        return size <= 6 and trimmed(&text, size) > 0
    if field == RESPONSE_CODE:
        place = code_place(text) if size == 2 else -1
        if place < 0:
            return False
        code[0] = dialect.outcome_of[place]
        return code[0] <= REJECTED
    if field == OUTCOME:
        said[0] = outcome_of(text, size)
        return said[0] >= 0
    if field == CURRENCY:
        if size != 3:
            return False
        if is_digits(text, 3):
            leg.currency = dialect.currency_of_digits[two_digits(text) * 10 + text[2] - c"0"]
        else:
            place = letters_place(text)
            leg.currency = dialect.currency_of_letters[place] if place >= 0 else 0
        return leg.currency != 0
    if field == CARD:
        leg.card = card_class(text, size)
        return leg.card != NO_CARD
    if field == LINK:
        if size > LONGEST_TEXT or not is_trimmed(text, size):
            return False
        for place in range(dialect.links):
            if dialect.link_size[place] == size and memcmp(dialect.link_name[place], text, size) == 0:
                leg.link = <uint8_t>(place + 1)
        return True
    if SOFTWARE_VERSION <= field <= ENTRY_MODE or field == EXTRA:
        return size <= LONGEST_TEXT
    return False


cdef bint take_plain(int field, bint is_number, int64_t number, Leg* leg) noexcept nogil:
    """Check one field that is an integer, or true or false where ``is_number`` says so."""
    if field == AMOUNT:
        leg.amount = number
        return is_number and 0 <= number < INTEGER_LIMIT
    if field == EVENT_TIME or field == RECEIVED_AT:
        return is_number and 0 <= number < LATEST_TIME_MS
    if field == ROUND_TRIP_MS:
        return is_number and -INTEGER_LIMIT < number < INTEGER_LIMIT
    if field == OFFLINE:
        return not is_number
    return field == EXTRA and -INTEGER_LIMIT < number < INTEGER_LIMIT


cdef inline void note_place(Leg* leg, int field, const char* packed, size_t at, size_t size) noexcept nogil:
    """Note where a value stands that is looked up again, without its padding."""
    cdef int place
    cdef const char* text = packed + at
    if field == EVENT_ID:
        place = AT_ID
    elif field == TERMINAL_ID:
        place = AT_TERMINAL
    elif field == VOUCHER_NUMBER:
        place = AT_NUMBER
    elif field == MERCHANT_ID:
        place = AT_MERCHANT
    elif field == BATCH_NUMBER:
        place = AT_BATCH
    elif field == RRN:
        place = AT_RRN
    elif field == AUTH_CODE:
        place = AT_AUTH
    elif field == CARD:
        place = AT_CARD
    else:
        return
    leg.long_[place] = <uint8_t>trimmed(&text, size)
    leg.at[place] = <uint16_t>(text - packed)


cdef bint scan(
    const char* text, size_t size, const char* key, size_t key_size, const Dialect* dialect, Leg* leg, char* packed
) noexcept nogil:
    """Read one record; tell whether it is usual, with all of ``leg`` but its places in the log."""
    cdef size_t p = 0, start, long_, first_digit, name = 0, name_size = 0, full = 0, i
    cdef uint32_t seen = 0
    cdef int field, said = -1, code = -1
    cdef bint negative, is_text, is_number
    cdef int64_t number
    if size > LONGEST_RECORD or size < 2 or text[0] != c"{":
        return False
    p = 1
    leg.amount = -1
    leg.currency = leg.link = leg.card = 0
    memset(leg.long_, 0, sizeof(leg.long_))
    while True:
        while p < size and text[p] == c" ":
            p += 1
        if p >= size or text[p] != c'"':
            return False
        p += 1
        name = p
        while p < size and PLAIN[<uint8_t>text[p]]:
            p += 1
        if p + 2 >= size or text[p] != c'"':
            return False
        name_size = p - name
        field = field_of(text + name, name_size)
        p += 1
        if field < 0 or text[p] != c":":
            return False
        p += 1
        while p < size and text[p] == c" ":
            p += 1
        if p >= size:
            return False
        if field < EXTRA:
            if seen & (<uint32_t>1 << field):
                return False
            seen |= <uint32_t>1 << field
        is_text = text[p] == c'"'
        start = p
        if is_text:
            p += 1
            start = p
            while p < size and PLAIN[<uint8_t>text[p]]:
                p += 1
            if p >= size or text[p] != c'"':
                return False
            long_ = p - start
            p += 1
            if not take_text(field, text + start, long_, dialect, leg, &said, &code):
                return False
        elif text[p] == c"n":
            if size - p < 4 or memcmp(text + p, b"null", 4) != 0 or field == EXTRA or field <= MERCHANT_ID:
                return False
            p += 4
            long_ = 0
            if field != RECEIVED_AT:
                packed[full] = <char>(field | ABSENT)
                full += 1
        else:
            number = 0
            is_number = True
            if text[p] == c"t" and size - p >= 4 and memcmp(text + p, b"true", 4) == 0:
                is_number = False
                p += 4
            elif text[p] == c"f" and size - p >= 5 and memcmp(text + p, b"false", 5) == 0:
                is_number = False
                p += 5
            else:
                negative = text[p] == c"-"
                p += negative
                if p + 1 >= size or (text[p] == c"0" and c"0" <= text[p + 1] <= c"9"):
                    return False
                first_digit = p
                while p < size and c"0" <= text[p] <= c"9" and p - first_digit < 15:
                    number = number * 10 + text[p] - c"0"
                    p += 1
                if p == first_digit:
                    return False
                if negative:
                    number = -number
            long_ = p - start
            if not take_plain(field, is_number, number, leg):
                return False
        if long_ and field != RECEIVED_AT:
            packed[full] = <char>(field | (TEXT if is_text else 0))
            full += 1
            if field == EXTRA:
                if name_size > LONGEST_NAME or name_size == 0:
                    return False
                if name_size > LONGEST_TEXT:
                    for i in range(name_size):
                        if c"0" <= text[name + i] <= c"9":
                            return False
                packed[full] = <char>name_size
                memcpy(packed + full + 1, text + name, name_size)
                full += name_size + 1
            packed[full] = <char>long_
            memcpy(packed + full + 1, text + start, long_)
            note_place(leg, field, packed, full + 1, long_)
            full += long_ + 1
        while p < size and text[p] == c" ":
            p += 1
        if p >= size:
            return False
        if text[p] == c",":
            p += 1
            continue
        if text[p] != c"}":
            return False
        p += 1
        break
    while p < size and (text[p] == c" " or text[p] == c"\n" or text[p] == c"\r"):
        p += 1
    if p != size or (seen & 0x1F) != 0x1F or not leg.long_[AT_NUMBER]:
        return False
    leg.size = <uint16_t>full
    if dialect.check_keys and (
        key_size != leg.long_[AT_TERMINAL] or memcmp(key, packed + leg.at[AT_TERMINAL], key_size) != 0
    ):
        return False
    if (leg.amount < 0) != (leg.currency == 0) or (leg.amount < 0 and leg.kind != QUERY):
        return False
    leg.defaulted = said < 0 and code < 0
    if said >= 0:
        if code >= 0 and code != said:
            return False
        code = said
    elif code < 0:
        code = dialect.default_outcome[leg.source]
    leg.outcome = <uint8_t>code
    return code <= REJECTED
