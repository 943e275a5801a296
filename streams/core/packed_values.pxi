# The values of a record, sign by sign: digits, times, codes, cards, names.


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


cdef int64_t time_of(const char* text, size_t size) noexcept nogil:
    """Return the epoch milliseconds of a usual time, by days since the first of March of the year 0."""
    cdef int year = two_digits(text) * 100 + two_digits(text + 2), month = two_digits(text + 5)
    cdef int64_t days, seconds
    cdef size_t end = 23 if text[19] == c"." else 19
    if month < 3:
        year, month = year - 1, month + 12
    days = 365 * <int64_t>year + year / 4 - year / 100 + year / 400 + (153 * (month - 3) + 2) / 5 + two_digits(text + 8) - 1
    seconds = (days - 719468) * 86400 + two_digits(text + 11) * 3600 + two_digits(text + 14) * 60 + two_digits(text + 17)
    if size > end + 1:
        days = two_digits(text + end + 1) * 3600 + two_digits(text + end + 4) * 60
        seconds += -days if text[end] == c"+" else days
    return seconds * 1000 + (two_digits(text + 20) * 10 + text[22] - c"0" if end == 23 else 0)


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
