# The reference to an original as it stands in JSON: it is kept as it was sent.


cdef bint scan_original(const char* text, size_t size, size_t* length) noexcept nogil:
    """Pass over a reference to an original; tell whether it is usual: flat, each name once, every value plain."""
    cdef size_t p = 1, name, start
    cdef uint32_t seen = 0
    cdef int part
    cdef bint is_text
    while True:
        while p < size and text[p] == c" ":
            p += 1
        if p >= size or text[p] != c'"':
            return False
        name = p + 1
        p = name + vw_plain(text + name, size - name)
        if p + 2 >= size or text[p] != c'"' or text[p + 1] != c":":
            return False
        part = part_of(text + name, p - name)
        if part < 0 or seen & (<uint32_t>1 << part):
            return False
        seen |= <uint32_t>1 << part
        p += 2
        while p < size and text[p] == c" ":
            p += 1
        is_text = p < size and text[p] == c'"'
        start = p + is_text
        p = start
        if is_text:
            p += vw_plain(text + start, size - start)
        else:
            while p < size and c"0" <= text[p] <= c"9":
                p += 1
        if p + is_text >= size or (is_text and text[p] != c'"'):
            return False
        if not is_usual_part(part, text + start, p - start, is_text):
            return False
        p += is_text
        while p < size and text[p] == c" ":
            p += 1
        if p >= size or (text[p] != c"," and text[p] != c"}"):
            return False
        p += 1
        if text[p - 1] == c"}":
            length[0] = p
            return p < LONGEST_ORIGINAL


cdef bint is_usual_part(int part, const char* text, size_t size, bint is_text) noexcept nogil:
    cdef int month, day
    if part == PART_AMOUNT:
        return not is_text and 0 < size <= 12 and (size == 1 or text[0] != c"0")
    if not is_text or size == 0:
        return False
    if part == PART_BATCH:
        return size <= 6 and vw_digits(text, size)
    if part == PART_NUMBER:
        return size <= 12 and vw_digits(text, size)
    if part == PART_DATE:
        if size != 4:
            return False
        month, day = two_digits(text), two_digits(text + 2)
        return 0 < month <= 12 and 0 < day <= days_of(month, True)
    return size <= (6 if part == PART_AUTH else 12)
