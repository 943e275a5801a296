# Where what is packed lies: pieces of whole steps of 32 bytes, cut from slabs that belong to their lane.
#
# A piece that is given back is taken again first.  Slabs go when their lane does: all at once, whatever lies in them.

cdef extern from *:
    """
    #include <stdint.h>
    #include <stdlib.h>
    #include <string.h>
    #include <sys/mman.h>
    #define vw_prefetch(place) __builtin_prefetch(place)
    /* Ask for all that a piece takes, 64 bytes at a time, so that the waits for memory overlap. */
    static inline void vw_prefetch_piece(const void *place, size_t size) {
        size_t at;
        for (at = 0; at < size; at += 64)
            __builtin_prefetch((const char *)place + at);
    }
    static inline void vw_prefetch_to_write(const void *place, size_t size) {
        size_t at;
        for (at = 0; at < size; at += 64)
            __builtin_prefetch((const char *)place + at, 1);
    }
    #define VW_HUGE ((size_t)1 << 21)
    /* A table of gigabytes in pages of 4 KiB misses the processor's page tables at nearly every look. */
    static void vw_use_huge_pages(void *place, size_t size) {
    #ifdef MADV_HUGEPAGE
        uintptr_t first = ((uintptr_t)place + VW_HUGE - 1) & ~(uintptr_t)(VW_HUGE - 1);
        uintptr_t last = ((uintptr_t)place + size) & ~(uintptr_t)(VW_HUGE - 1);
        if (place && last > first)
            madvise((void *)first, last - first, MADV_HUGEPAGE);
    #else
        (void)place; (void)size;
    #endif
    }
    static void *vw_slab(size_t size) {
        void *place = NULL;
        if (size < VW_HUGE)
            return malloc(size);
        if (posix_memalign(&place, VW_HUGE, size))
            return NULL;
        vw_use_huge_pages(place, size);
        return place;
    }
    #if defined(__linux__) && defined(MREMAP_FIXED)
    #define VW_MOVES 1
    #else
    #define VW_MOVES 0
    #endif
    /* A row that grows, moved with its huge pages: realloc would move it to where they have to be cut into small ones. */
    static void *vw_wider(void *old, size_t old_size, size_t size) {
    #if VW_MOVES
        if (size >= 2 * VW_HUGE) {
            char *place = mmap(NULL, size + VW_HUGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
            char *first = (char *)(((uintptr_t)place + VW_HUGE - 1) & ~(uintptr_t)(VW_HUGE - 1));
            if (place == MAP_FAILED)
                return NULL;
            if (first > place)
                munmap(place, (size_t)(first - place));
            if (place + VW_HUGE > first)
                munmap(first + size, (size_t)(place + VW_HUGE - first));
            if (old_size >= 2 * VW_HUGE) {
                if (mremap(old, old_size, size, MREMAP_MAYMOVE | MREMAP_FIXED, first) == MAP_FAILED) {
                    munmap(first, size);
                    return NULL;
                }
                madvise(first, size, MADV_HUGEPAGE);
                return first;
            }
            if (mprotect(first, size, PROT_READ | PROT_WRITE)) {
                munmap(first, size);
                return NULL;
            }
            madvise(first, size, MADV_HUGEPAGE);
            if (old_size)
                memcpy(first, old, old_size);
            free(old);
            return first;
        }
    #endif
        return realloc(old, size);
    }
    static void vw_drop_row(void *row, size_t size) {
    #if VW_MOVES
        if (size >= 2 * VW_HUGE) {
            munmap(row, size);
            return;
        }
    #endif
        free(row);
    }
    """
    const size_t VW_HUGE
    void vw_prefetch(const void* place) noexcept nogil
    void vw_prefetch_piece(const void* place, size_t size) noexcept nogil
    void vw_prefetch_to_write(const void* place, size_t size) noexcept nogil
    void vw_use_huge_pages(void* place, size_t size) noexcept nogil
    void* vw_slab(size_t size) noexcept nogil
    void* vw_wider(void* old, size_t old_size, size_t size) noexcept nogil
    void vw_drop_row(void* row, size_t size) noexcept nogil

cdef enum:
    STEP = 32
    STEPS = 33  # sizes of pieces, in steps; a larger one is no part of a slab
    SMALLEST_SLAB = 1 << 16
    LARGEST_SLAB = 1 << 23
    SLAB_PART = 8  # a slab is an eighth of those before it


cdef struct Pieces:
    # Free pieces of one size; the last one is taken first.
    void** items
    size_t count
    size_t room


cdef struct Space:
    void** slabs
    size_t slabs_count
    size_t slabs_room
    size_t total
    char* next  # the part of the last slab that was not cut yet
    size_t left
    Pieces pieces[STEPS]


cdef void* space_take(Space* space, size_t size) except NULL nogil:
    """Return a piece of at least so many bytes."""
    cdef size_t steps = (size + STEP - 1) // STEP
    cdef Pieces* free_ones
    cdef void* piece
    if steps >= STEPS:
        piece = malloc(size)
        if piece == NULL:
            with gil:
                raise MemoryError
        return piece
    free_ones = &space.pieces[steps]
    if free_ones.count:
        free_ones.count -= 1
        if free_ones.count >= 4:  # those that are taken next are far away: none was touched for minutes
            vw_prefetch_to_write(free_ones.items[free_ones.count - 4], size)
        return free_ones.items[free_ones.count]
    size = steps * STEP
    if space.left < size:
        space_grow(space)
    piece = space.next
    space.next += size
    space.left -= size
    return piece


cdef int space_grow(Space* space) except -1 nogil:
    """Begin a slab; what is left of the last one is lost, less than one piece."""
    cdef size_t size = space.total // SLAB_PART // SMALLEST_SLAB * SMALLEST_SLAB
    cdef void* slab
    cdef void** wider
    size = min(max(size, <size_t>SMALLEST_SLAB), <size_t>LARGEST_SLAB)
    if size >= VW_HUGE:
        size = size // VW_HUGE * VW_HUGE
    if space.slabs_count == space.slabs_room:
        wider = <void**>realloc(space.slabs, (space.slabs_room * 2 + 16) * sizeof(void*))
        if wider == NULL:
            with gil:
                raise MemoryError
        space.slabs, space.slabs_room = wider, space.slabs_room * 2 + 16
    slab = vw_slab(size)
    if slab == NULL:
        with gil:
            raise MemoryError
    space.slabs[space.slabs_count] = slab
    space.slabs_count += 1
    space.total += size
    space.next, space.left = <char*>slab, size
    return 0


cdef void space_give(Space* space, void* piece, size_t size) noexcept nogil:
    """Take a piece back."""
    cdef size_t steps = (size + STEP - 1) // STEP
    cdef Pieces* free_ones
    cdef void** wider
    if steps >= STEPS:
        free(piece)
        return
    free_ones = &space.pieces[steps]
    if free_ones.count == free_ones.room:
        wider = <void**>realloc(free_ones.items, (free_ones.room * 2 + 64) * sizeof(void*))
        if wider == NULL:
            return  # the piece is lost until its lane goes
        free_ones.items, free_ones.room = wider, free_ones.room * 2 + 64
    free_ones.items[free_ones.count] = piece
    free_ones.count += 1


cdef void space_clear(Space* space) noexcept nogil:
    cdef size_t i
    for i in range(space.slabs_count):
        free(space.slabs[i])
    free(space.slabs)
    for i in range(STEPS):
        free(space.pieces[i].items)
