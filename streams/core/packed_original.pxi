# The reference of a void, refund or completion to its original, where it is spelled plainly.
#
# It stays packed as the JSON object that it was, and is read again when the voucher is held against its original.


cdef inline void take_reference(Named* named, int place, const char* text, size_t size) noexcept nogil:
    """Note a part of a reference without padding; one of zeros is absent."""
    size = trimmed(&text, size)
    while size and text[0] == c"0":
        text, size = text + 1, size - 1
    named.text[place] = text
    named.size[place] = size


cdef bint is_plain_date(const char* text, size_t size) noexcept nogil:
    """Tell whether a text is a day as MMDD or YYYY-MM-DD, or zeros for none."""
    cdef int year = 2024, month, day  # without a year any leap year will do
    if size == 10 and text[4] == c"-" and text[7] == c"-" and vw_digits(text, 4):
        year = two_digits(text) * 100 + two_digits(text + 2)
        month, day = two_digits(text + 5), two_digits(text + 8)
    elif size == 4:
        month, day = two_digits(text), two_digits(text + 2)
        if month == 0 and day == 0:
            return True
    else:
        return False
    if year < 1 or month < 1 or month > 12 or day < 1:
        return False
    return day <= days_of(month, year % 4 == 0 and (year % 100 != 0 or year % 400 == 0))


cdef bint take_named(const char* name, size_t name_size, const char* text, size_t size, Named* named) noexcept nogil:
    """Check one text of a reference; the empty one is absent."""
    if name_size == 12 and memcmp(name, b"batch_number", 12) == 0:
        take_reference(named, NAMED_BATCH, text, size)
        return size <= 6 and vw_digits(text, size)
    if name_size == 14 and memcmp(name, b"voucher_number", 14) == 0:
        take_reference(named, NAMED_NUMBER, text, size)
        return size <= 12 and vw_digits(text, size)
    if name_size == 3 and memcmp(name, b"rrn", 3) == 0:
        take_reference(named, NAMED_RRN, text, size)
        return size <= 12
    if name_size == 9 and memcmp(name, b"auth_code", 9) == 0:
        take_reference(named, NAMED_AUTH, text, size)
        return size <= 6
    if name_size == 4 and memcmp(name, b"kind", 4) == 0:
        return size <= LONGEST_TEXT
    if name_size == 4 and memcmp(name, b"date", 4) == 0:
        return size == 0 or is_plain_date(text, size)
    return False


cdef inline size_t blanks(const char* text, size_t p, size_t size) noexcept nogil:
    while p < size and text[p] == c" ":
        p += 1
    return p


cdef size_t take_original(const char* text, size_t size, Named* named) noexcept nogil:
    """Read a reference that begins with the first sign of a text; return its length, 0 where it is not plain."""
    cdef size_t p = 1, name, name_size, start
    cdef uint32_t seen = 0, bit
    memset(named.size, 0, sizeof(named.size))
    while True:
        p = blanks(text, p, size)
        if p >= size or text[p] != c'"':
            return 0
        name = p + 1
        p = name + vw_plain(text + name, size - name)
        name_size = p - name
        if p + 2 >= size or text[p] != c'"' or text[p + 1] != c":":
            return 0
        if name_size == 0 or name_size > 14:
            return 0
        bit = <uint32_t>1 << (name_size + (text[name] == c"k"))  # only "kind" and "date" are equally long
        if seen & bit:
            return 0
        seen |= bit
        p = blanks(text, p + 2, size)
        start = p + 1
        if p < size and text[p] == c'"':
            p = start + vw_plain(text + start, size - start)
            if p >= size or text[p] != c'"' or not take_named(text + name, name_size, text + start, p - start, named):
                return 0
            p += 1
        elif name_size == 6 and memcmp(text + name, b"amount", 6) == 0:
            start = p
            while p < size and c"0" <= text[p] <= c"9":
                p += 1
            if p == start or p - start > 12 or (text[start] == c"0" and p - start > 1):
                return 0
        else:
            return 0
        p = blanks(text, p, size)
        if p >= size:
            return 0
        if text[p] == c"}":
            return p + 1
        if text[p] != c",":
            return 0
        p += 1


cdef bint names_one(const Leg* leg, Named* named) noexcept nogil:
    """Read the original that a packed leg names; tell whether it names one."""
    cdef const char* packed = <const char*>leg.held
    cdef size_t p = 0
    cdef int code, field
    if not points(leg.kind):
        return False
    while p < leg.size:
        code = <uint8_t>packed[p]
        field = code & ~(TEXT | ABSENT)
        p += 1
        if field == ORIGINAL and not code & ABSENT:
            take_original(packed + p + 1, <uint8_t>packed[p], named)
            return named.size[NAMED_NUMBER] or named.size[NAMED_RRN] or named.size[NAMED_AUTH]
        if field == EXTRA:
            p += <uint8_t>packed[p] + 1
        if not code & ABSENT:
            p += <uint8_t>packed[p] + 1
    return False
