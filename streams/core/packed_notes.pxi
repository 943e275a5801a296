# What diagnosis asks of a packed leg: what it has in common with others, and what it tells of its terminal.

# The places of ``Pulse.heard``.
cdef enum:
    HEARD_LAST = 0
    HEARD_SINCE = 2
    HEARD_MASK = 4
    SILENT_MS = 10000
    SHIFT = 12

cdef uint64_t SCATTER = 2654435761


cdef inline str packed_text(const char* packed, size_t at):
    return PyUnicode_DecodeASCII(packed + at + 1, <uint8_t>packed[at], NULL)


cdef inline str trimmed_text(const char* packed, size_t at):
    cdef const char* text = packed + at + 1
    cdef size_t size = trimmed(&text, <uint8_t>packed[at])
    return PyUnicode_DecodeASCII(text, size, NULL)


cdef int places_of(const Leg* leg, size_t* places) noexcept nogil:
    """Note where the value of each field stands, one past its place; 0 where it is absent."""
    cdef const char* packed = <const char*>leg.held
    cdef size_t p = 0
    cdef int field
    memset(places, 0, EXTRA * sizeof(size_t))
    while p < leg.size:
        field = <uint8_t>packed[p] & ~(TEXT | ABSENT)
        p += 1
        if <uint8_t>packed[p - 1] & ABSENT:
            continue
        if field == EXTRA:
            p += <uint8_t>packed[p] + 1
        else:
            places[field] = p + 1
        p += <uint8_t>packed[p] + 1
    return 0


cdef inline size_t digits_of(int64_t number, char* text) noexcept nogil:
    """Write a number below a million without zeros in front; return its size."""
    cdef size_t size = 1
    cdef size_t at
    cdef int64_t rest = number
    while rest >= 10:
        rest //= 10
        size += 1
    for at in range(size):
        text[size - 1 - at] = <char>(48 + number % 10)
        number //= 10
    return size


cdef int64_t number_at(const char* packed, size_t place) noexcept nogil:
    """Return a number of a packed leg that is no larger than twelve digits, -1 where it is absent or no number."""
    cdef int64_t number = 0
    cdef const char* text = packed + place
    cdef size_t left
    if place == 0:
        return -1
    for left in range(<uint8_t>packed[place - 1]):
        if text[left] < c"0" or text[left] > c"9":
            return -1
        number = number * 10 + text[left] - c"0"
    return number


cdef int64_t clock_at(const char* packed, size_t place) noexcept nogil:
    """Return the sender's clock in epoch milliseconds: digits are just that, all else is a usual time."""
    cdef size_t size = <uint8_t>packed[place - 1]
    if vw_digits(packed + place, size):
        return number_at(packed, place)
    return time_of(packed + place, size)


def usual_ms(str text):
    """Return the epoch milliseconds of a usual time, -1 of any other text."""
    cdef Py_ssize_t size
    cdef const char* signs = PyUnicode_AsUTF8AndSize(text, &size)
    return time_of(signs, size) if is_usual_time(signs, size) else -1


cdef tuple members_of(const Leg* leg):
    """Return what a leg shares with others in the order of ``DIMENSIONS``, the sender's clock and the round trip."""
    cdef size_t[EXTRA] places
    cdef const char* packed = <const char*>leg.held
    cdef int field
    places_of(leg, places)
    shared = []
    for field in (LINK, REGION, SOFTWARE_VERSION, TERMINAL_MODEL, NETWORK_TYPE, OPERATOR_ID, MERCHANT_ID, TERMINAL_ID):
        shared.append(trimmed_text(packed, places[field] - 1) if places[field] else "")
    return tuple(shared), clock_at(packed, places[EVENT_TIME]), number_at(packed, places[ROUND_TRIP_MS])


# --- the life of a terminal

cdef enum:
    MOST_NEIGHBOURS = 16
    MOST_CLOCKS = 3
    OVERDUE_MS = 20000
    REFUSED_FROM = 1  # of ``FINAL_OUTCOMES``: declined, rejected

cdef struct Life:
    # What has been seen of the neighbours of a voucher, in the order of their numbers.
    int found
    int alone
    int low
    int high
    int back
    int refused
    int trips
    int delays
    int mine
    int clocks
    int64_t before
    int64_t trip[MOST_NEIGHBOURS]
    int64_t delay[MOST_NEIGHBOURS]
    int64_t clock[MOST_CLOCKS]
    int code_size[MOST_NEIGHBOURS]
    char code[MOST_NEIGHBOURS][2]


cdef inline int64_t apart(int64_t one, int64_t other) noexcept nogil:
    return one - other if one > other else other - one


cdef void live_step(Life* life, int step, int64_t began) noexcept nogil:
    """Count one more neighbour, whose first leg in the order of the sources came at a log time."""
    life.low, life.high = min(life.low, step), max(life.high, step)
    if life.found and began - life.before <= -OVERDUE_MS:
        life.back += 1
    life.before = began
    life.found += 1


cdef void live_refused(Life* life, const char* code, size_t size) noexcept nogil:
    life.code_size[life.refused] = <int>min(size, 2)
    memcpy(life.code[life.refused], code, min(size, 2))
    life.refused += 1


cdef void live_mine(Life* life, int64_t trip, int64_t lag, bint has_clock) noexcept nogil:
    """Take the round trip, -1 for none, and the clock of a leg of the terminal."""
    life.mine += 1
    if trip >= 0:
        life.trip[life.trips] = trip
        life.trips += 1
    if has_clock and life.mine <= MOST_CLOCKS:
        life.clock[life.clocks] = lag
        life.clocks += 1


cdef void live_packed(Life* life, int step, const Leg* one, const Leg* other, int64_t at) noexcept nogil:
    """Take a neighbour that is packed: its only leg, or the terminal's and the host's."""
    cdef size_t[EXTRA] places
    cdef const Leg* refused = NULL
    live_step(life, step, one.log_time)
    if other == NULL:
        life.alone += at - one.log_time >= OVERDUE_MS
    else:
        life.delay[life.delays] = apart(one.log_time, other.log_time)
        life.delays += 1
    if one.outcome >= REFUSED_FROM:
        refused = one
    elif other != NULL and other.outcome >= REFUSED_FROM:
        refused = other
    if one.source == 0:
        places_of(one, places)
        live_mine(life, number_at(<char*>one.held, places[ROUND_TRIP_MS]),
                  one.log_time - clock_at(<char*>one.held, places[EVENT_TIME]), True)
    if refused != NULL:
        if refused != one or one.source:
            places_of(refused, places)
        if places[RESPONSE_CODE]:
            live_refused(life, <char*>refused.held + places[RESPONSE_CODE],
                         <uint8_t>(<char*>refused.held)[places[RESPONSE_CODE] - 1])
        else:
            live_refused(life, b"", 0)


cdef int live_beside(Life* life, int step, list legs, int64_t since, int64_t at) except -1:
    """Take a neighbour that is not packed, its legs as ``diagnosis.neighbours.Peeked``."""
    cdef int64_t latest = max([leg[1] for leg in legs])
    cdef bytes code
    if latest < since:
        return 0
    legs.sort()  # by source: each stands once
    live_step(life, step, legs[0][1])
    if len(legs) == 1:
        life.alone += at - <int64_t>legs[0][1] >= OVERDUE_MS
    else:
        life.delay[life.delays] = apart(legs[0][1], legs[1][1])
        life.delays += 1
    for leg in legs:
        if leg[2] == "declined" or leg[2] == "rejected":
            code = leg[3].encode()
            live_refused(life, code, len(code))
            break
    if legs[0][0] == 0:
        clock = legs[0][5]
        live_mine(life, legs[0][4], 0 if clock is None else legs[0][1] - clock, clock is not None)
    return 0


cdef double median_of(int64_t* values, int count) noexcept nogil:
    """Return the median of a few values, which it sorts; 0 of none."""
    cdef int i, j
    cdef int64_t value
    if count == 0:
        return 0.0
    for i in range(1, count):
        value = values[i]
        j = i
        while j and values[j - 1] > value:
            values[j] = values[j - 1]
            j -= 1
        values[j] = value
    if count % 2:
        return <double>values[count // 2]
    return (values[count // 2 - 1] + values[count // 2]) / 2.0


cdef str commonest(const Life* life):
    """Return the code that most refused neighbours bear, of several the first in order; empty where none is there."""
    codes = {}
    cdef int i
    for i in range(life.refused):
        code = PyUnicode_DecodeASCII(life.code[i], life.code_size[i], NULL)
        codes[code] = codes.get(code, 0) + 1
    return max(sorted(codes), key=codes.__getitem__)


cdef tuple told_of(Life* life):
    """Return a life as ``diagnosis.neighbours.Counted``."""
    return (
        life.found,
        life.alone,
        life.high - life.low - life.found,
        life.refused,
        commonest(life) if life.refused else "",
        life.back,
        life.trips,
        median_of(life.trip, life.trips),
        median_of(life.delay, life.delays),
        life.clocks,
        median_of(life.clock, life.clocks),
    )
