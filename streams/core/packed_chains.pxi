# Packed vouchers that point at an original: the plain ones are held against it here, as chains.py would.
#
# Plain is what leads to nothing but a mark: both approved on both sides, the original found as a packed pair that
# came well before and that nothing has been done to, an amount that keeps its rule.  A mark is a link between two
# pairs: the second leg of the original knows the pair that points at it, the second leg of that pair its original.
# What is linked is unpacked together; the original is forgotten first, since it was closed first.


cdef inline bint is_part(const Leg* leg, int place, const char* text, size_t size) noexcept nogil:
    """Tell whether a value of a leg is a text, leading zeros of the leg's aside."""
    cdef const char* own = <const char*>leg.held + leg.at[place]
    cdef size_t own_size = leg.long_[place]
    while own_size and own[0] == c"0":
        own, own_size = own + 1, own_size - 1
    return own_size == size and size != 0 and memcmp(own, text, size) == 0


cdef bint card_fits(const Leg* one, const Leg* other) noexcept nogil:
    """Tell whether two cards can be compared and agree, exactly as masking.py does with these two classes."""
    cdef size_t size = one.long_[AT_CARD], other_size = other.long_[AT_CARD], i
    cdef const char* a = <char*>one.held + one.at[AT_CARD]
    cdef const char* b = <char*>other.held + other.at[AT_CARD]
    if size == 0 or other_size == 0 or one.card != other.card:
        return False
    if one.card == TOKEN:
        return size == other_size and memcmp(a, b, size) == 0
    if memcmp(a + size - 4, b + other_size - 4, 4) != 0:
        return False
    for i in range(6):
        if a[i] != b[i]:
            if a[i] != c"*" and b[i] != c"*":
                return False
            if size != other_size:  # with different lengths only what stands before the first mask sign counts
                break
        elif a[i] == c"*" and size != other_size:
            break
    return True


cdef inline const Leg* side(Packed packed, uint32_t first, int source) noexcept:
    cdef const Leg* one = &packed.legs[first]
    return one if one.source == source else &packed.legs[one.partner]


cdef bint names(Packed packed, uint32_t first, Named* named) noexcept:
    """Read what a voucher points at: as its terminal says, else as its host does; tell whether it names anything."""
    if packed.legs[first].state == LONE:
        return names_one(&packed.legs[first], named)
    return names_one(side(packed, first, 0), named) or names_one(side(packed, first, 1), named)


cdef inline bint is_later(const Leg* one, const Leg* other) noexcept:
    """Tell whether a voucher's place is after that of another."""
    if one.log_time != other.log_time:
        return one.log_time > other.log_time
    return one.source > other.source or (one.source == other.source and one.offset > other.offset)


cdef inline bint same_till(const Leg* one, const Leg* other) noexcept:
    return one.long_[AT_TERMINAL] == other.long_[AT_TERMINAL] and same(one, other, AT_TERMINAL)


cdef bint fits_batch(Packed packed, uint32_t first, const Named* named) noexcept:
    """Tell whether a pair can be of the batch that is named: what does not say its batch can be of any."""
    cdef int source
    cdef bint known = False
    cdef const Leg* leg
    cdef const char* text
    cdef size_t size
    if named.size[NAMED_BATCH] == 0:
        return True
    for source in range(2):
        leg = side(packed, first, source)
        if is_part(leg, AT_BATCH, named.text[NAMED_BATCH], named.size[NAMED_BATCH]):
            return True
        text, size = <const char*>leg.held + leg.at[AT_BATCH], leg.long_[AT_BATCH]
        while size and text[0] == c"0":
            text, size = text + 1, size - 1
        known = known or size != 0
    return not known


cdef inline int reference_part(const Named* named) noexcept nogil:
    """Return by which part an original is looked for: its number, with none its rrn, with neither its auth code."""
    if named.size[NAMED_NUMBER]:
        return NAMED_NUMBER
    return NAMED_RRN if named.size[NAMED_RRN] else NAMED_AUTH


cdef bint fits_reference(Packed packed, uint32_t first, const Named* named, uint32_t pointing) noexcept:
    """Tell whether a pair has the rrn that is named, else the auth code and a card of what points at it."""
    cdef int source
    cdef const Leg* leg
    for source in range(2):
        leg = side(packed, first, source)
        if named.size[NAMED_RRN]:
            if is_part(leg, AT_RRN, named.text[NAMED_RRN], named.size[NAMED_RRN]):
                return True
        elif is_part(leg, AT_AUTH, named.text[NAMED_AUTH], named.size[NAMED_AUTH]):
            if card_fits(leg, side(packed, pointing, 0)) or card_fits(leg, side(packed, pointing, 1)):
                return True
    return False


cdef bint may_point_at(Packed packed, uint32_t other, uint32_t original) noexcept:
    """Tell at a glance whether a voucher can point at a pair."""
    cdef Named named
    cdef int source, part = 0
    cdef const Leg* leg = &packed.legs[original]
    if not names(packed, other, &named):
        return False
    if named.size[NAMED_NUMBER]:
        return named.size[NAMED_NUMBER] == leg.long_[AT_NUMBER] and memcmp(
            <const char*>leg.held + leg.at[AT_NUMBER], named.text[NAMED_NUMBER], leg.long_[AT_NUMBER]
        ) == 0
    part = reference_part(&named)
    for source in range(2):
        leg = side(packed, original, source)
        if is_part(leg, AT_RRN, named.text[part], named.size[part]):
            return True
        if is_part(leg, AT_AUTH, named.text[part], named.size[part]):
            return True
    return False


cdef bint others_may_point_at(Packed packed, uint32_t original, uint32_t first) noexcept:
    """Tell whether another packed voucher that is not judged yet can point at a pair, too."""
    cdef Walk walk = walk_of(&packed.unjudged, packed.legs[first].till)
    cdef uint32_t at = next_of(&walk)
    while at:
        if at != first and may_point_at(packed, at, original):
            return True
        at = next_of(&walk)
    return False


cdef uint32_t by_number(Packed packed, uint32_t first, const Named* named) noexcept:
    """Return the latest pair with the number and batch that are named, 0 where there is none or a doubt."""
    cdef const Leg* one = &packed.legs[first]
    cdef const char* till = <const char*>one.held + one.at[AT_TERMINAL]
    cdef size_t till_size = one.long_[AT_TERMINAL], size = named.size[NAMED_NUMBER]
    cdef const char* number = named.text[NAMED_NUMBER]
    cdef uint32_t hashed = key_hash(till, till_size, number, size), found, best = 0
    cdef Walk walk = walk_of(table_of(&packed.cold, hashed), hashed)
    found = packed._find(hashed, till, till_size, number, size)
    if found:  # began later than all others of its number
        return found if packed.legs[found].state == PAIRED and fits_batch(packed, found, named) else 0
    found = next_of(&walk)
    while found:
        if (
            packed._is_of(&packed.legs[found], AT_TERMINAL, till, till_size)
            and packed._is_of(&packed.legs[found], AT_NUMBER, number, size)
            and fits_batch(packed, found, named)
            and (best == 0 or is_later(&packed.legs[found], &packed.legs[best]))
        ):
            best = found
        found = next_of(&walk)
    return best


cdef uint32_t by_reference(Packed packed, uint32_t first, const Named* named) noexcept:
    """Return the latest pair of a terminal with the reference that is named, 0 where there is none or a doubt."""
    cdef const Leg* one = &packed.legs[first]
    cdef const Leg* leg
    cdef int part = reference_part(named)
    cdef uint32_t hashed = <uint32_t>hash_bytes(named.text[part], named.size[part], 0) | 1, best = 0, at
    cdef Bucket* head = tables_find(&packed.tills, one.till)
    cdef Walk walk = walk_of(table_of(&packed.cold_references, hashed), hashed)
    at = head.leg if head != NULL else 0
    while at:
        leg = &packed.legs[at]
        if at != first and packed._may_have(at, hashed) and same_till(leg, one):
            if leg.state == LONE:
                return 0
            if fits_reference(packed, at, named, first) and (best == 0 or is_later(leg, &packed.legs[best])):
                best = at
        at = leg.after
    at = next_of(&walk)
    while at:
        leg = &packed.legs[at]
        if same_till(leg, one):
            if fits_reference(packed, at, named, first) and (best == 0 or is_later(leg, &packed.legs[best])):
                best = at
        at = next_of(&walk)
    return best


cdef bint keeps_amount(const Leg* one, const Leg* original, int64_t percent) noexcept:
    """Tell whether an amount keeps its rule towards an original that nothing was done to before."""
    if one.kind == REFUND:
        return one.amount <= original.amount
    if one.kind == COMPLETION:
        return one.amount * 100 <= original.amount * percent
    return one.amount == original.amount


cdef bint marks_original(Packed packed, uint32_t first, int64_t at) except -1:
    """Hold a pair against its original at its deadline, if all is plain; tell whether it was."""
    cdef Leg* one = &packed.legs[first]
    cdef Leg* original
    cdef Leg* closing
    cdef Named named
    cdef uint32_t found
    cdef int part
    if at <= <int64_t>packed.journal.silent_until or not names(packed, first, &named):
        return False
    terminal = packed._text(one, AT_TERMINAL)
    if terminal in packed.pointing:
        return False
    found = by_number(packed, first, &named) if named.size[NAMED_NUMBER] else by_reference(packed, first, &named)
    if found == 0 or found == first:
        return False
    original = &packed.legs[found]
    closing = &packed.legs[original.partner]
    if original.log_time < at - packed.originals_ms or closing.log_time >= one.log_time or closing.after:
        return False
    if original.awaits or original.outcome != APPROVED or original.amount < 0:
        return False
    if not keeps_amount(one, original, packed.completion_percent) or others_may_point_at(packed, found, first):
        return False
    if not named.size[NAMED_NUMBER] or original.state == FORGOTTEN:
        part = reference_part(&named)
        reference = ""
        if part != NAMED_NUMBER:
            reference = PyUnicode_DecodeASCII(named.text[part], named.size[part], NULL)
        place = original.log_time, <int>original.source, original.offset
        if packed.may_outdo((terminal, packed._text(original, AT_NUMBER)), reference, place):
            return False
    closing.after = first
    packed.legs[one.partner].before = found
    if packed.shelves and original.state == FORGOTTEN:  # it may have been written without the mark
        packed.facts.append(packed._fact(found))
    return True


cdef uint32_t oldest_of_chain(Packed packed, uint32_t first) noexcept:
    """Return the pair with which a chain of marks begins that a pair belongs to."""
    while packed.legs[packed.legs[first].partner].before:
        first = packed.legs[packed.legs[first].partner].before
    return first


cdef size_t write_mark(Packed packed, uint32_t first, char* text) except 0:
    """Write what is known of a pair besides its legs, which is the mark on it, as ``fact.py`` does."""
    cdef uint32_t by = packed.legs[packed.legs[first].partner].after
    cdef Leg* one = &packed.legs[by]
    cdef const Leg* terminal = side(packed, by, 0)
    cdef const Leg* host = side(packed, by, 1)
    ids = packed._text(terminal, AT_ID), packed._text(host, AT_ID)
    earliest = ids[one.source]
    if terminal.log_time == host.log_time:
        earliest = min(ids)
    mark = '["%s",%d,"%s",["%s","%s"],%d,"%s",true]' % (
        USUAL_KINDS[one.kind], one.log_time, earliest, ids[0], ids[1], host.amount, packed._text(one, AT_NUMBER)
    )
    state = (',"s":[false,"","matched",false,false,false,null,[],[%s],null]' % mark).encode()
    memcpy(text, PyBytes_AS_STRING(state), PyBytes_GET_SIZE(state))
    return PyBytes_GET_SIZE(state)
