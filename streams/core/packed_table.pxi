cdef extern from *:
    """
    #include <stdint.h>
    #include <sys/mman.h>
    #define vw_prefetch(place) __builtin_prefetch(place)
    /* A table of gigabytes in pages of 4 KiB misses the processor's page tables at nearly every look. */
    static void vw_use_huge_pages(void *place, size_t size) {
    #ifdef MADV_HUGEPAGE
        const uintptr_t huge = (uintptr_t)1 << 21;
        uintptr_t first = ((uintptr_t)place + huge - 1) & ~(huge - 1);
        uintptr_t last = ((uintptr_t)place + size) & ~(huge - 1);
        if (place && last > first)
            madvise((void *)first, last - first, MADV_HUGEPAGE);
    #else
        (void)place; (void)size;
    #endif
    }
    """
    void vw_prefetch(const void* place) noexcept nogil
    void vw_use_huge_pages(void* place, size_t size) noexcept nogil


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


cdef int table_add(Table* table, uint32_t hashed, uint32_t leg) except -1 nogil:
    """Take a leg under a hash; the caller knows that its key is not there."""
    cdef Table wider
    cdef size_t at
    if table.count * 5 >= table.room * 3:
        wider.room = table.room * 2 if table.room else 4096
        wider.count = 0
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
