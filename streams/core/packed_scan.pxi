# The usual record, read once: from JSON bytes to a leg and its packed fields, without an object.
#
# Whatever is spelled in an unusual way (an escape, a float, a nested object, a blank at an end, a
# name twice, a card number in clear) is declined, never judged: decode.py then reads it.  So all
# that is written here has to be is a subset of what decode.py accepts, with the same meaning.
#
# Packed fields are one after the other: a code, the length of the value, the value as it stood in
# JSON without quotes.  A null is kept: a copy of the record without it is no second delivery.  A field of
# the sender's own has its name, with its length, before the value.


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
        return place == SALE or place == PREAUTH or place == QUERY  # what points at an original is no usual voucher
    if field == EVENT_TIME:
        if not is_usual_time(text, size):
            return False
        if dialect.tells_time:
            leg.id_hash = <uint64_t>time_of(text, size)
        return True
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
        if field == EVENT_TIME:
            leg.id_hash = <uint64_t>number
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
