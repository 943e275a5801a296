# What a ledger on disk keeps of facts and of forgotten pairs, by terminal; ``ledger_chunks.py`` says what that is.
#
# RocksDB takes a microsecond and more for each entry, however small it is, so that a terminal's facts of one cut are one.

cdef extern from *:
    """
    #include <stdint.h>
    #include <string.h>
    static uint32_t vw_crc_table[8][256];
    static void vw_crc_begin(void) {
        uint32_t at, turn, value;
        for (at = 0; at < 256; at++) {
            value = at;
            for (turn = 0; turn < 8; turn++)
                value = value & 1 ? 0xEDB88320u ^ (value >> 1) : value >> 1;
            vw_crc_table[0][at] = value;
        }
        for (at = 0; at < 256; at++)
            for (turn = 1; turn < 8; turn++)
                vw_crc_table[turn][at] =
                    (vw_crc_table[turn - 1][at] >> 8) ^ vw_crc_table[0][vw_crc_table[turn - 1][at] & 255];
    }
    static uint32_t vw_crc(const char *text, size_t size) {
        const uint8_t *at = (const uint8_t *)text;
        uint32_t sum = 0xFFFFFFFFu;
        for (; size >= 8; size -= 8, at += 8) {
            uint32_t one = sum ^ (at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24);
            sum = vw_crc_table[7][one & 255] ^ vw_crc_table[6][one >> 8 & 255] ^
                  vw_crc_table[5][one >> 16 & 255] ^ vw_crc_table[4][one >> 24] ^
                  vw_crc_table[3][at[4]] ^ vw_crc_table[2][at[5]] ^ vw_crc_table[1][at[6]] ^ vw_crc_table[0][at[7]];
        }
        for (; size; size--)
            sum = vw_crc_table[0][(sum ^ *at++) & 255] ^ (sum >> 8);
        return ~sum;
    }
    """
    void* memmem(const void* text, size_t size, const void* part, size_t part_size) nogil
    void vw_crc_begin() nogil
    uint32_t vw_crc(const char* text, size_t size) nogil

vw_crc_begin()

ctypedef const char* Text

cdef enum:
    LONGEST_SIZED = 255
    MOST_REFERENCES = 255
    BESIDE_TEXTS = 4 + 6 + 8 + 1 + 1  # bytes of a row that are there without any text
    SAME = 0x20  # of a code of the host: its value is the terminal's
    PACKED_PAIR = 1  # what a voucher begins with that is no JSON
    LONGEST_PAIR = 4 * LONGEST_PACKED
    DIGIT_BITS = 8  # of what is sorted by at a time
    DIGITS = 1 << DIGIT_BITS


cdef struct Row:
    # One fact that is to be written: the checksum of its terminal, its bucket, and which leg or fact it is.
    uint32_t crc
    int64_t bucket
    size_t place


cdef struct Rows:
    Row* row
    size_t count, room
    char* text  # of the chunk that is written
    size_t full, text_room
    int64_t bucket_ms


cdef inline char* write_number(char* to, uint64_t number, int size) noexcept nogil:
    """Write a number of so many bytes, big-endian, and return where it ends."""
    cdef int at
    for at in range(size):
        to[at] = <char>(number >> (8 * (size - 1 - at)))
    return to + size


cdef inline char* write_sized(char* to, const char* text, size_t size) noexcept nogil:
    """Write a text after its length and return where it ends."""
    to[0] = <char>size
    memcpy(to + 1, text, size)
    return to + 1 + size


cdef int add_row(Rows* rows, const char* terminal, size_t size, int64_t log_time, size_t place) except -1:
    """Take note of a fact to be written."""
    cdef size_t room
    cdef void* wider
    if rows.count == rows.room:
        room = 2 * rows.room if rows.room else 1024
        wider = realloc(rows.row, room * sizeof(Row))
        if wider == NULL:
            raise MemoryError
        rows.row, rows.room = <Row*>wider, room
    rows.row[rows.count].crc = vw_crc(terminal, size)
    rows.row[rows.count].bucket = log_time // rows.bucket_ms
    rows.row[rows.count].place = place
    rows.count += 1
    return 0


cdef char* begin_row(Rows* rows, size_t longest, int64_t log_time, int source, int64_t offset, const char* number,
                     size_t number_size) except NULL:
    """Begin a row that takes at most ``longest`` bytes, and return where its references go."""
    cdef size_t room = 2 * (rows.full + longest)
    cdef void* wider
    if rows.full + longest > rows.text_room:
        wider = realloc(rows.text, room)
        if wider == NULL:
            raise MemoryError
        rows.text, rows.text_room = <char*>wider, room
    cdef char* to = write_number(rows.text + rows.full + 4, log_time, 6)
    to = write_number(to, (<uint64_t>source << 63) | <uint64_t>offset, 8)
    return write_sized(to, number, number_size)


cdef void end_row(Rows* rows, const char* to) noexcept:
    """End the row that was begun last, where it has been written up to ``to``."""
    cdef char* first = rows.text + rows.full
    write_number(first, to - first - 4, 4)
    rows.full = to - rows.text


cdef int put_in_order(Rows* rows) except -1:
    """Sort rows by the checksum of their terminal; what is equal stays as it came."""
    cdef Row* one = rows.row
    cdef Row* other = <Row*>malloc((rows.count + 1) * sizeof(Row))
    cdef size_t[DIGITS] first
    cdef size_t at, before, many
    cdef int shift
    if other == NULL:
        raise MemoryError
    for shift in range(0, 32, DIGIT_BITS):  # an even number of times, so that the rows end where they were
        memset(first, 0, sizeof(first))
        for at in range(rows.count):
            first[(one[at].crc >> shift) & (DIGITS - 1)] += 1
        before = 0
        for at in range(DIGITS):
            many = first[at]
            first[at] = before
            before += many
        for at in range(rows.count):
            many = (one[at].crc >> shift) & (DIGITS - 1)
            other[first[many]] = one[at]
            first[many] += 1
        one, other = other, one
    free(other)
    return 0


cdef tuple chunk_of(Rows* rows, const Row* row, const char* terminal, size_t size):
    """Return the chunk whose text was written, and make room for the next."""
    cdef bytes start = PyBytes_FromStringAndSize(NULL, 4 + size)
    memcpy(write_number(PyBytes_AS_STRING(start), row.crc, 4), terminal, size)
    cdef bytes chunk = PyBytes_FromStringAndSize(rows.text, rows.full)
    rows.full = 0
    return row.bucket, start, chunk


cdef void clear_rows(Rows* rows) noexcept:
    free(rows.row)
    free(rows.text)
    memset(rows, 0, sizeof(Rows))


cdef int write_fact(Rows* rows, tuple fact) except -1:
    """Write one fact."""
    cdef Py_ssize_t number_size = 0, size = 0
    cdef const char* number = PyUnicode_AsUTF8AndSize(fact[1], &number_size)
    cdef const char* text
    cdef bytes voucher = fact[5]
    cdef tuple references = fact[6]
    cdef Py_ssize_t longest = number_size
    cdef size_t full = BESIDE_TEXTS + number_size + PyBytes_GET_SIZE(voucher)
    for reference in references:
        PyUnicode_AsUTF8AndSize(reference, &size)
        longest, full = max(longest, size), full + size + 1
    if longest > LONGEST_SIZED or len(references) > MOST_REFERENCES:
        raise OverflowError(f"a fact has a text of {longest} bytes or {len(references)} references, more than 255")
    cdef char* to = begin_row(rows, full, fact[2], fact[3], fact[4], number, number_size)
    to[0] = <char>len(references)
    to += 1
    for reference in references:
        text = PyUnicode_AsUTF8AndSize(reference, &size)
        to = write_sized(to, text, size)
    memcpy(to, PyBytes_AS_STRING(voucher), PyBytes_GET_SIZE(voucher))
    end_row(rows, to + PyBytes_GET_SIZE(voucher))
    return 0


def chunks_of(facts, int64_t bucket_ms):
    """Return the chunks of facts; as ``ledger_chunks.plain_chunks_of``."""
    cdef Rows rows
    cdef Py_ssize_t size = 0
    cdef const char* terminal
    cdef size_t at = 0, place = 0
    cdef list found = []
    memset(&rows, 0, sizeof(Rows))
    rows.bucket_ms = bucket_ms
    try:
        for fact in facts:
            terminal = PyUnicode_AsUTF8AndSize(fact[0], &size)
            add_row(&rows, terminal, size, fact[2], place)
            place += 1
        put_in_order(&rows)
        while at < rows.count:
            first = facts[rows.row[at].place]
            terminal = PyUnicode_AsUTF8AndSize(first[0], &size)
            place = at
            while at < rows.count and rows.row[at].crc == rows.row[place].crc:
                fact = facts[rows.row[at].place]
                if rows.row[at].bucket != rows.row[place].bucket or fact[0] != first[0]:
                    break
                write_fact(&rows, fact)
                at += 1
            found.append(chunk_of(&rows, &rows.row[place], terminal, size))
        return found
    finally:
        clear_rows(&rows)


cdef list chunks_of_pairs(Packed packed, Rows* rows):
    """Return the chunks of forgotten pairs, whose first legs the rows name."""
    cdef list found = []
    cdef const Leg* first
    cdef const Leg* one
    cdef size_t at = 0, place
    put_in_order(rows)
    while at < rows.count:
        first = &packed.legs[rows.row[at].place]
        place = at
        while at < rows.count and rows.row[at].crc == rows.row[place].crc:
            one = &packed.legs[rows.row[at].place]
            if rows.row[at].bucket != rows.row[place].bucket or not same_till(one, first):
                break
            write_pair(packed, rows, <uint32_t>rows.row[at].place)
            at += 1
        found.append(chunk_of(rows, &rows.row[place], <const char*>first.held + first.at[AT_TERMINAL],
                              first.long_[AT_TERMINAL]))
    return found


def facts_with(str terminal, bytes chunk, bytes part):
    """Return the facts of a chunk in whose rows some bytes stand; as ``ledger_chunks.plain_facts_with``."""
    cdef const char* first = PyBytes_AS_STRING(chunk)
    cdef const char* at = first
    cdef const char* end = first + PyBytes_GET_SIZE(chunk)
    cdef const char* sought = PyBytes_AS_STRING(part)
    cdef size_t sought_size = PyBytes_GET_SIZE(part), size
    cdef const char* until
    cdef list found = []
    while at < end:
        size = 4 + <size_t>read_number(at, 4)
        until = at + size
        if sought_size == 0 or memmem(at, size, sought, sought_size) != NULL:
            found.append(read_fact(terminal, at, until))
        at = until
    return found


cdef inline uint64_t read_number(const char* text, int size) noexcept nogil:
    cdef uint64_t number = 0
    cdef int at
    for at in range(size):
        number = number << 8 | <uint8_t>text[at]
    return number


cdef tuple read_fact(str terminal, const char* row, const char* until):
    """Return the fact of a row."""
    cdef uint64_t place = read_number(row + 10, 8)
    cdef const char* at = row + 18
    cdef int count
    cdef list references = []
    number = PyUnicode_DecodeUTF8(at + 1, <uint8_t>at[0], NULL)
    at += 1 + <uint8_t>at[0]
    count = <uint8_t>at[0]
    at += 1
    for _ in range(count):
        references.append(PyUnicode_DecodeUTF8(at + 1, <uint8_t>at[0], NULL))
        at += 1 + <uint8_t>at[0]
    return (terminal, number, read_number(row + 4, 6), place >> 63, place & ((<uint64_t>1 << 63) - 1),
            PyBytes_FromStringAndSize(at, until - at), tuple(references))


cdef size_t references_of(const Leg* one, const Leg* other, Text* texts, size_t* sizes) noexcept nogil:
    """Find the rrns and authorisation codes of a pair without leading zeros, each once; returns how many, at most 4."""
    cdef size_t found = 0, at, size
    cdef int turn, place
    cdef const Leg* leg
    cdef const char* text
    for turn in range(4):
        leg = one if turn < 2 else other
        place = AT_AUTH if turn & 1 else AT_RRN
        text, size = <const char*>leg.held + leg.at[place], leg.long_[place]
        while size and text[0] == c"0":
            text, size = text + 1, size - 1
        for at in range(found):
            if sizes[at] == size and memcmp(texts[at], text, size) == 0:
                size = 0
                break
        if size:
            texts[found], sizes[found] = text, size
            found += 1
    return found


cdef int write_pair(Packed packed, Rows* rows, uint32_t first) except -1:
    """Write a forgotten pair."""
    cdef const Leg* one = &packed.legs[first]
    cdef Text[4] texts
    cdef size_t[4] sizes
    cdef size_t count = references_of(one, &packed.legs[one.partner], texts, sizes), at
    cdef char* to = begin_row(rows, BESIDE_TEXTS + LONGEST_PAIR, one.log_time, one.source, one.offset,
                              <const char*>one.held + one.at[AT_NUMBER], one.long_[AT_NUMBER])
    to[0] = <char>count
    to += 1
    for at in range(count):
        to = write_sized(to, texts[at], sizes[at])
    to[0] = PACKED_PAIR
    to = write_legs(side(packed, first, 0), side(packed, first, 1), to + 1)
    if packed.legs[one.partner].after:
        to += write_mark(packed, first, to)
    end_row(rows, to)
    return 0


cdef char* write_legs(const Leg* terminal, const Leg* host, char* to) noexcept nogil:
    """Write both legs of a pair without what is evidence alone; see ``fact.expanded``.  Returns where they end."""
    cdef Text[SAME] known
    cdef const Leg* leg
    cdef const char* at
    cdef const char* end
    cdef char* begun
    cdef int turn, code, field
    cdef size_t size
    memset(known, 0, sizeof(known))
    for turn in range(2):
        leg = host if turn else terminal
        begun = write_number(write_number(to, leg.log_time, 6), leg.offset, 8)
        to = begun + 2
        at = <const char*>leg.held
        end = at + leg.size
        while at < end:
            code = <uint8_t>at[0]
            field = code & ~(TEXT | ABSENT)
            if field == EXTRA:
                at += <uint8_t>at[1] + 1
            size = 0 if code & ABSENT else <uint8_t>at[1] + 1  # with its length
            if code & ABSENT or field == EXTRA or SOFTWARE_VERSION <= field <= ROUND_TRIP_MS:
                at += 1 + size
                continue
            if turn and known[field] != NULL and <uint8_t>known[field][0] == code and not memcmp(
                known[field] + 1, at + 1, size
            ):
                to[0] = <char>(code | SAME)
                to += 1
            else:
                memcpy(to, at, 1 + size)
                to += 1 + size
            known[field] = at
            at += 1 + size
        write_number(begun, to - begun - 2, 2)
    return to
