# Flat containers of numbers: a first-in-first-out ring, a set of hashes, a table from a hash to a leg.

cdef struct Ring:
    uint64_t* items
    size_t first
    size_t count
    size_t room


cdef int ring_push(Ring* ring, uint64_t item) except -1 nogil:
    cdef uint64_t* wider
    cdef size_t room, i
    if ring.count == ring.room:
        room = ring.room * 2 if ring.room else 1024
        wider = <uint64_t*>malloc(room * sizeof(uint64_t))
        if wider == NULL:
            with gil:
                raise MemoryError
        for i in range(ring.count):
            wider[i] = ring.items[(ring.first + i) & (ring.room - 1)]
        free(ring.items)
        ring.items, ring.room, ring.first = wider, room, 0
    ring.items[(ring.first + ring.count) & (ring.room - 1)] = item
    ring.count += 1
    return 0


cdef inline uint64_t ring_head(const Ring* ring) noexcept nogil:
    return ring.items[ring.first]


cdef inline void ring_drop(Ring* ring) noexcept nogil:
    ring.first = (ring.first + 1) & (ring.room - 1)
    ring.count -= 1


cdef struct Hashes:
    uint64_t* items
    size_t count
    size_t room


cdef inline bint hashes_has(const Hashes* known, uint64_t hashed) noexcept nogil:
    cdef size_t at
    if known.room == 0:
        return False
    at = hashed & (known.room - 1)
    while known.items[at]:
        if known.items[at] == hashed:
            return True
        at = (at + 1) & (known.room - 1)
    return False


cdef int hashes_add(Hashes* known, uint64_t hashed) except -1 nogil:
    """Take a hash, which is never 0, that may be there already."""
    cdef Hashes wider
    cdef size_t at
    if known.count * 5 >= known.room * 3:
        wider.room = known.room * 2 if known.room else 4096
        wider.count = 0
        wider.items = <uint64_t*>calloc(wider.room, sizeof(uint64_t))
        if wider.items == NULL:
            with gil:
                raise MemoryError
        vw_use_huge_pages(wider.items, wider.room * sizeof(uint64_t))
        for at in range(known.room):
            if known.items[at]:
                hashes_add(&wider, known.items[at])
        free(known.items)
        known[0] = wider
    at = hashed & (known.room - 1)
    while known.items[at]:
        if known.items[at] == hashed:
            return 0
        at = (at + 1) & (known.room - 1)
    known.items[at] = hashed
    known.count += 1
    return 0


cdef void hashes_empty(Hashes* known) noexcept nogil:
    """Forget all, and keep the room for as many: clearing it takes a fraction of letting it grow again."""
    if known.count * 8 < known.room:
        hashes_clear(known)
    elif known.count:
        memset(known.items, 0, known.room * sizeof(uint64_t))
        known.count = 0


cdef void hashes_clear(Hashes* known) noexcept nogil:
    free(known.items)
    known.items = NULL
    known.count = known.room = 0


cdef inline uint64_t hash_bytes(const char* text, size_t size, uint64_t seed) noexcept nogil:
    """Return a hash that is never 0: eight bytes a step, each multiplied and folded."""
    cdef uint64_t hashed = seed ^ (size * <uint64_t>0x9E3779B97F4A7C15), part
    while size >= 8:
        memcpy(&part, text, 8)
        hashed = (hashed ^ part) * <uint64_t>0xD6E8FEB86659FD93
        hashed ^= hashed >> 32
        text += 8
        size -= 8
    part = 0
    memcpy(&part, text, size)
    hashed = (hashed ^ part) * <uint64_t>0xD6E8FEB86659FD93
    hashed ^= hashed >> 32
    hashed *= <uint64_t>0xD6E8FEB86659FD93
    hashed ^= hashed >> 29
    return hashed if hashed else 1


cdef struct Bucket:
    uint32_t hashed
    uint32_t leg  # 0: free


cdef struct Table:
    Bucket* buckets
    size_t count
    size_t room
    size_t early  # how much earlier than three quarters full it grows, in 128ths


cdef enum:
    PARTS = 64
    PART_BITS = 26  # of a hash, that are left for the place within a part
    SMALLEST_PART = 64


cdef struct Tables:
    # One table in parts, by the highest bits of a hash.  Each grows at another filling, so that there is no moment
    # at which all of millions have to move.
    Table parts[PARTS]


cdef void tables_begin(Tables* tables) noexcept nogil:
    cdef size_t i
    for i in range(PARTS):
        tables.parts[i].early = 48 * i // PARTS


cdef void tables_clear(Tables* tables) noexcept nogil:
    cdef size_t i
    for i in range(PARTS):
        free(tables.parts[i].buckets)


cdef inline Table* table_of(Tables* tables, uint32_t hashed) noexcept nogil:
    """Return the part that a hash belongs to."""
    return &tables.parts[hashed >> PART_BITS]


cdef inline const Bucket* bucket_of(Tables* tables, uint32_t hashed) noexcept nogil:
    """Return the bucket at which the search for a hash begins, NULL where there is none."""
    cdef const Table* table = table_of(tables, hashed)
    return &table.buckets[hashed & (table.room - 1)] if table.room else NULL


cdef struct Walk:
    # Where a look at all legs of one hash has come to.
    const Table* table
    uint32_t hashed
    size_t at


cdef inline Walk walk_of(const Table* table, uint32_t hashed) noexcept nogil:
    """Begin to look at all legs of a hash; the table must not change on the way."""
    cdef Walk walk
    walk.table, walk.hashed, walk.at = table, hashed, hashed & (table.room - 1)
    return walk


cdef inline uint32_t next_of(Walk* walk) noexcept nogil:
    """Return the next leg of the hash, 0 where there is no other."""
    cdef const Bucket* bucket
    if walk.table.room == 0:
        return 0
    while True:
        bucket = &walk.table.buckets[walk.at]
        walk.at = (walk.at + 1) & (walk.table.room - 1)
        if bucket.leg == 0 or bucket.hashed == walk.hashed:
            return bucket.leg


cdef int table_add(Table* table, uint32_t hashed, uint32_t leg) except -1 nogil:
    """Take a leg under a hash; the caller knows that its key is not there."""
    cdef Table wider
    cdef size_t at
    if table.count * 128 >= table.room * (96 - table.early):
        wider.room = table.room * 2 if table.room else SMALLEST_PART
        wider.count, wider.early = 0, table.early
        wider.buckets = <Bucket*>calloc(wider.room, sizeof(Bucket))
        if wider.buckets == NULL:
            with gil:
                raise MemoryError
        vw_use_huge_pages(wider.buckets, wider.room * sizeof(Bucket))
        for at in range(table.room):
            if table.buckets[at].leg:
                table_add(&wider, table.buckets[at].hashed, table.buckets[at].leg)
        free(table.buckets)
        table[0] = wider
    at = hashed & (table.room - 1)
    while table.buckets[at].leg:
        at = (at + 1) & (table.room - 1)
    table.buckets[at].hashed = hashed
    table.buckets[at].leg = leg
    table.count += 1
    return 0


cdef inline Bucket* table_find(const Table* table, uint32_t hashed) noexcept nogil:
    """Return the first bucket with a hash, NULL where there is none."""
    cdef size_t at
    if table.room == 0:
        return NULL
    at = hashed & (table.room - 1)
    while table.buckets[at].leg:
        if table.buckets[at].hashed == hashed:
            return &table.buckets[at]
        at = (at + 1) & (table.room - 1)
    return NULL


cdef void table_drop(Table* table, uint32_t hashed, uint32_t leg) noexcept nogil:
    """Take a leg out and close the gap, so that a search may stop at the first free bucket."""
    cdef size_t gap = hashed & (table.room - 1), at, home
    while table.buckets[gap].leg != leg:
        if table.buckets[gap].leg == 0:
            return
        gap = (gap + 1) & (table.room - 1)
    at = gap
    while True:
        at = (at + 1) & (table.room - 1)
        if table.buckets[at].leg == 0:
            break
        home = table.buckets[at].hashed & (table.room - 1)
        if ((at - home) & (table.room - 1)) >= ((at - gap) & (table.room - 1)):
            table.buckets[gap] = table.buckets[at]
            gap = at
    table.buckets[gap].leg = 0
    table.count -= 1


cdef inline int tables_add(Tables* tables, uint32_t hashed, uint32_t leg) except -1 nogil:
    return table_add(table_of(tables, hashed), hashed, leg)


cdef inline void tables_drop(Tables* tables, uint32_t hashed, uint32_t leg) noexcept nogil:
    table_drop(table_of(tables, hashed), hashed, leg)


cdef inline Bucket* tables_find(Tables* tables, uint32_t hashed) noexcept nogil:
    return table_find(table_of(tables, hashed), hashed)


cdef inline size_t tables_count(const Tables* tables) noexcept nogil:
    cdef size_t i, count = 0
    for i in range(PARTS):
        count += tables.parts[i].count
    return count
