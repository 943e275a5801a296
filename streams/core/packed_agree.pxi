# Whether two packed legs plainly are one voucher that both sides agree on; when in doubt, not.


cdef inline bint same(const Leg* one, const Leg* other, int place) noexcept nogil:
    """Tell whether two legs do not plainly differ in one value: equal, or not on both."""
    cdef size_t size = one.long_[place]
    if size == 0 or other.long_[place] == 0:
        return True
    return size == other.long_[place] and vw_equal(
        <char*>one.held + one.at[place], <char*>other.held + other.at[place], size
    )


cdef bint same_batch(const Leg* one, const Leg* other) noexcept nogil:
    cdef const char* a = <char*>one.held + one.at[AT_BATCH]
    cdef const char* b = <char*>other.held + other.at[AT_BATCH]
    cdef size_t a_size = one.long_[AT_BATCH], b_size = other.long_[AT_BATCH]
    while a_size and a[0] == c"0":
        a, a_size = a + 1, a_size - 1
    while b_size and b[0] == c"0":
        b, b_size = b + 1, b_size - 1
    return a_size == 0 or b_size == 0 or (a_size == b_size and memcmp(a, b, a_size) == 0)


cdef bint hides_all_but_four(const char* card, size_t size) noexcept nogil:
    cdef size_t i
    if size != 16:
        return False
    for i in range(12):
        if c"0" <= card[i] <= c"9":
            return False
    return True


cdef bint same_card(const Leg* one, const Leg* other) noexcept nogil:
    """Tell whether two cards plainly are not two: equal, one token and one number, or one shows four digits only."""
    cdef size_t size = one.long_[AT_CARD]
    cdef const char* a = <char*>one.held + one.at[AT_CARD]
    cdef const char* b = <char*>other.held + other.at[AT_CARD]
    if size == 0 or other.long_[AT_CARD] == 0 or one.card != other.card:
        return True
    if size != other.long_[AT_CARD]:
        return False
    if one.card == TOKEN:
        return memcmp(a, b, size) == 0
    if memcmp(a + size - 4, b + size - 4, 4) != 0:
        return False
    return memcmp(a, b, 6) == 0 or hides_all_but_four(a, size) or hides_all_but_four(b, size)


cdef bint agree(const Leg* one, const Leg* other) noexcept nogil:
    """Tell whether two legs are a pair that is matched at once; when in doubt, not."""
    if one.kind != other.kind:
        return False
    if one.outcome != APPROVED or other.outcome != APPROVED:
        return one.outcome != APPROVED and other.outcome != APPROVED
    return (
        one.amount == other.amount
        and one.currency == other.currency
        and one.long_[AT_MERCHANT] == other.long_[AT_MERCHANT]
        and same(one, other, AT_MERCHANT)
        and same(one, other, AT_RRN)
        and same(one, other, AT_AUTH)
        and same_batch(one, other)
        and same_card(one, other)
    )
