# Sixteen signs a step, where the processor can; else one by one, with the same answers.
#
# A step may look at bytes behind the text, never into the next page of memory, and never lets them count.

cdef extern from *:
    """
    #include <stdint.h>
    #include <string.h>
    #if defined(__SSE2__)
    #include <emmintrin.h>
    #endif
    /* Whether so many bytes from a place on lie in one page, however long the text is. */
    static inline int vw_in_page(const void *place, size_t size) {
        return ((uintptr_t)place & 4095) <= 4096 - size;
    }
    static inline int vw_is_plain(char sign) {
        return sign >= 0x20 && sign < 0x7F && sign != '"' && sign != '\\\\';
    }
    /* How many signs from the first on are printable ASCII but for the quote and the backslash. */
    static inline size_t vw_plain(const char *text, size_t size) {
        size_t n = 0;
    #if defined(__SSE2__)
        while (n < size && vw_in_page(text + n, 16)) {
            const __m128i signs = _mm_loadu_si128((const __m128i *)(text + n));
            /* Bytes from 0x80 on are negative, so smaller than the blank. */
            const __m128i odd = _mm_or_si128(
                _mm_or_si128(_mm_cmplt_epi8(signs, _mm_set1_epi8(' ')), _mm_cmpeq_epi8(signs, _mm_set1_epi8(0x7F))),
                _mm_or_si128(_mm_cmpeq_epi8(signs, _mm_set1_epi8('"')), _mm_cmpeq_epi8(signs, _mm_set1_epi8(0x5C))));
            const unsigned where = (unsigned)_mm_movemask_epi8(odd);
            if (where) {
                n += (size_t)__builtin_ctz(where);
                return n < size ? n : size;
            }
            n += 16;
        }
        if (n >= size)
            return size;
    #endif
        while (n < size && vw_is_plain(text[n]))
            n++;
        return n;
    }
    static inline int vw_digits(const char *text, size_t size) {
        size_t n = 0;
    #if defined(__SSE2__)
        if (size <= 16 && vw_in_page(text, 16)) {
            const __m128i over = _mm_sub_epi8(_mm_loadu_si128((const __m128i *)text), _mm_set1_epi8('0'));
            const __m128i digit = _mm_cmpeq_epi8(_mm_min_epu8(over, _mm_set1_epi8(9)), over);
            return (~(unsigned)_mm_movemask_epi8(digit) & ((1u << size) - 1)) == 0;
        }
    #endif
        for (; n < size; n++)
            if (text[n] < '0' || text[n] > '9')
                return 0;
        return 1;
    }
    static inline int vw_equal(const char *one, const char *other, size_t size) {
    #if defined(__SSE2__)
        if (size <= 16 && vw_in_page(one, 16) && vw_in_page(other, 16)) {
            const __m128i same = _mm_cmpeq_epi8(
                _mm_loadu_si128((const __m128i *)one), _mm_loadu_si128((const __m128i *)other));
            return (~(unsigned)_mm_movemask_epi8(same) & ((1u << size) - 1)) == 0;
        }
    #endif
        return memcmp(one, other, size) == 0;
    }
    /* Copy, to a place where 32 bytes may be written whatever the size is. */
    static inline void vw_copy(char *to, const char *from, size_t size) {
        if (size <= 32 && vw_in_page(from, 32))
            memcpy(to, from, 32);
        else
            memcpy(to, from, size);
    }
    """
    size_t vw_plain(const char* text, size_t size) noexcept nogil
    bint vw_digits(const char* text, size_t size) noexcept nogil
    bint vw_equal(const char* one, const char* other, size_t size) noexcept nogil
    void vw_copy(char* to, const char* source, size_t size) noexcept nogil
