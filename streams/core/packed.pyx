# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""The usual vouchers of one lane, packed: no object for an event that nobody asks about.

Most records are a usual sale: spelled plainly, with a final outcome, the first of its number
or the second that agrees with the first.  Here they are read, merged, paired and remembered as
some 300 bytes each.  Everything else, and every packed voucher that something unusual happens to,
becomes an ``Event`` and goes the way of ``correlator.py``, which alone knows the rules: with this
module or without it a lane gives the same answers.

    bytes -> scan: usual?  no  -> decode.py -> Event in the waiting line
                           yes -> leg in the waiting line
    in merged order: Event -> correlator.apply, which unpacks the voucher of its number first
                     leg, number unknown             -> waits alone, packed
                     leg, agrees with the lone other -> matched, both stay packed until they are forgotten
                     leg, anything else              -> unpacked -> correlator.apply
    before timers are fired: lone legs whose deadline they reach are unpacked
"""

from cpython cimport array
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_CheckExact, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.ref cimport Py_DECREF, Py_INCREF
from cpython.unicode cimport PyUnicode_DecodeASCII
from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free, malloc, realloc
from libc.stdio cimport sprintf
from libc.string cimport memcmp, memcpy, memset

from streams.core.blindness import MAX_TERMINALS
from streams.core.currency import KNOWN, LETTERS
from streams.core.event import Event
from streams.core.redelivery import OLD_MS
from streams.core.timers import NEVER

cdef extern from "Python.h":
    const char* PyUnicode_AsUTF8AndSize(object text, Py_ssize_t* size) except NULL

include "packed_shape.pxi"
include "packed_values.pxi"
include "packed_scan.pxi"
include "packed_agree.pxi"
include "packed_table.pxi"

# What a leg is.  An event is an object in the waiting line, all others are packed; a pair's first leg stands for both.
cdef enum:
    FREE, READ, EVENT, LONE, PAIRED, DETACHED, SECOND, FORGOTTEN

cdef int64_t _NEVER = NEVER
cdef int64_t _OLD = OLD_MS
cdef size_t _MOST_TERMINALS = MAX_TERMINALS

cdef enum:
    WINDOWS = 8
    LINKS = 21
    KINDS = 8
    OUTCOMES = 3

# The places of ``Blindness.speech``.
cdef enum:
    LAST_SOURCE, STREAK, LAST_MS, SILENT_SINCE


cdef inline uint64_t ticket(uint32_t leg, uint32_t serial) noexcept nogil:
    """Return what a ring holds of a leg: it shows whether the leg is still the same voucher's."""
    return (<uint64_t>serial << 32) | leg


cdef class Packed:
    """The packed vouchers of one lane, and its waiting line of both sources.

    Times are epoch milliseconds of log time; sources are 0, terminal, and 1, host.
    """

    cdef Dialect dialect
    cdef Leg* legs
    cdef uint32_t legs_used, legs_room, free_leg
    cdef Table table
    cdef Table tills
    # Forgotten pairs, where this is the ledger too: by key, reference and terminal, in the order of their going.
    cdef Table cold, cold_references, cold_tills
    cdef Ring cold_line
    cdef public bint keeps
    """Whether forgotten pairs stay here, until ``forget``; else they are handed out as facts."""
    cdef Ring[2] waiting
    cdef Ring closed
    cdef Ring births
    cdef Ring[WINDOWS] lone
    cdef int64_t[WINDOWS] window
    cdef uint8_t[KINDS] queue_of
    cdef int windows
    cdef int64_t span_ms, horizon_ms, lead_ms, stall_after_ms
    cdef int64_t needed_from  # of a live lane: the log time from which on the latest cut asked for what has ended
    cdef bint live, asks_terminals
    cdef Hashes[2] young
    cdef Hashes[2] older
    cdef int64_t[2] ids_started
    cdef int64_t[2] ids_latest
    cdef Hashes[2] met
    cdef int64_t[2] lone_count
    cdef int64_t lone_due
    cdef int64_t[LINKS] matched
    cdef int64_t[2][KINDS][OUTCOMES] read_count
    cdef int64_t defaulted
    cdef Leg scanned
    cdef char[LONGEST_PACKED] buffer
    cdef int64_t[::1] speech
    cdef dict runs, accused, wanted
    cdef list facts
    cdef object journal, timers, read_again, meet
    cdef list link_names
    cdef public int64_t gate_from
    """The log time before which no event stays packed."""

    def __init__(self, policy, *, live, check_keys, partitions):
        """Take a ``Policy`` without batches in the key and without field maps."""
        windows = dict(policy.pair_window_ms)
        distinct = sorted({windows[kind] for kind in USUAL_KINDS})
        self.windows = len(distinct)
        for place, kind in enumerate(USUAL_KINDS):
            self.queue_of[place] = distinct.index(windows[kind])
        for place, window in enumerate(distinct):
            self.window[place] = window
        self.span_ms = policy.memory_ms
        self.horizon_ms = policy.redelivery_horizon_ms
        self.lead_ms = policy.future_skew_ms if policy.allow_create_time else _NEVER
        self.stall_after_ms = policy.stall_after_ms
        self.live = live
        self.facts = []
        self.asks_terminals = live and partitions > 1
        self.lone_due = _NEVER
        self.gate_from = self.needed_from = -1
        self.legs_used = 1  # no leg is number 0
        self.dialect.check_keys = check_keys
        self._learn(policy)

    def _learn(self, policy):
        """Lay down what codes and names mean."""
        cdef int place
        memset(self.dialect.outcome_of, NO_OUTCOME, CODES)
        for code, outcome in policy.response_codes.items():
            raw = code.encode()
            if len(raw) == 2 and (place := code_place(raw)) >= 0:
                self.dialect.outcome_of[place] = ALL_OUTCOMES.index(outcome)
        numbers = {letters: number for number, letters in enumerate(sorted(KNOWN), 1)}
        for digits, letters in LETTERS.items():
            self.dialect.currency_of_digits[int(digits)] = numbers[letters]
        for letters, number in numbers.items():
            if (place := letters_place(letters.encode())) >= 0:
                self.dialect.currency_of_letters[place] = number
        self.dialect.default_outcome[0] = ALL_OUTCOMES.index(policy.terminal_default_outcome)
        self.dialect.default_outcome[1] = NO_OUTCOME
        self.link_names = ["other", *policy.links]
        # A longer name never stands in a packed leg: such a record is not usual.
        names = [name.encode() if len(name.encode()) <= LONGEST_TEXT else b"" for name in policy.links]
        self.dialect.links = len(names)
        for place, name in enumerate(names):
            self.dialect.link_size[place] = len(name)
            memcpy(self.dialect.link_name[place], <const char*><bytes>name, len(name))

    def attach(self, state, *, read_again, meet):
        """Take the parts of the lane that know what is not packed.

        ``read_again`` makes an event of a source, log time, offset and JSON; ``meet`` takes the source and id of a
        new terminal and the log time.
        """
        memory = state.memory
        self.runs, self.accused, self.wanted = memory.runs, memory.with_anomaly, memory.wanted
        self.journal, self.timers = state.journal, state.timers
        self.read_again, self.meet = read_again, meet
        self.dialect.tells_time = state.ledger.outlives
        if state.blind is not None:
            self.speech = state.blind.speech

    def __dealloc__(self):
        cdef uint32_t leg
        cdef int i
        for leg in range(1, self.legs_used):
            if self.legs[leg].state == EVENT:
                Py_DECREF(<object>self.legs[leg].held)
            elif self.legs[leg].state != FREE:
                free(self.legs[leg].held)
        free(self.legs)
        free(self.table.buckets)
        free(self.tills.buckets)
        free(self.cold.buckets)
        free(self.cold_references.buckets)
        free(self.cold_tills.buckets)
        free(self.cold_line.items)
        free(self.closed.items)
        free(self.births.items)
        for i in range(2):
            free(self.waiting[i].items)
            hashes_clear(&self.young[i])
            hashes_clear(&self.older[i])
            hashes_clear(&self.met[i])
        for i in range(WINDOWS):
            free(self.lone[i].items)

    # --- legs

    cdef uint32_t _new_leg(self) except 0:
        cdef uint32_t leg = self.free_leg
        cdef Leg* wider
        if leg:
            self.free_leg = self.legs[leg].partner
            return leg
        if self.legs_used >= self.legs_room:
            self.legs_room = self.legs_room * 2 if self.legs_room else 4096
            wider = <Leg*>realloc(self.legs, self.legs_room * sizeof(Leg))
            if wider == NULL:
                raise MemoryError
            self.legs = wider
            vw_use_huge_pages(wider, self.legs_room * sizeof(Leg))
        leg = self.legs_used
        self.legs_used += 1
        self.legs[leg].serial = 0
        return leg

    cdef void _free_leg(self, uint32_t leg) noexcept:
        """Give a leg back; what it held is not its any more."""
        self.legs[leg].state = FREE
        self.legs[leg].serial += 1
        self.legs[leg].partner = self.free_leg
        self.free_leg = leg

    cdef void _drop_leg(self, uint32_t leg) noexcept:
        free(self.legs[leg].held)
        self._free_leg(leg)

    cdef uint32_t _find(self, uint32_t hashed, const char* terminal, size_t terminal_size, const char* number,
                        size_t number_size) noexcept:
        """Return the leg that stands under a key, 0 where there is none."""
        cdef size_t at
        cdef const Leg* leg
        if self.table.room == 0:
            return 0
        at = hashed & (self.table.room - 1)
        while self.table.buckets[at].leg:
            if self.table.buckets[at].hashed == hashed:
                leg = &self.legs[self.table.buckets[at].leg]
                if (
                    leg.long_[AT_NUMBER] == number_size
                    and leg.long_[AT_TERMINAL] == terminal_size
                    and memcmp(<char*>leg.held + leg.at[AT_NUMBER], number, number_size) == 0
                    and memcmp(<char*>leg.held + leg.at[AT_TERMINAL], terminal, terminal_size) == 0
                ):
                    return self.table.buckets[at].leg
            at = (at + 1) & (self.table.room - 1)
        return 0

    cdef int _enter(self, uint32_t leg, Table* table, Table* tills) except -1:
        """Let a leg stand under its key, and at the head of its terminal's legs."""
        cdef Leg* own = &self.legs[leg]
        cdef Bucket* head = table_find(tills, own.till)
        table_add(table, own.hashed, leg)
        own.before = own.after = 0
        if head == NULL:
            table_add(tills, own.till, leg)
            return 0
        own.after = head.leg
        self.legs[own.after].before = leg
        head.leg = leg
        return 0

    cdef void _leave(self, uint32_t leg, Table* table, Table* tills) noexcept:
        """Let a leg stand under its key no longer."""
        cdef Leg* own = &self.legs[leg]
        table_drop(table, own.hashed, leg)
        if own.after:
            self.legs[own.after].before = own.before
        if own.before:
            self.legs[own.before].after = own.after
        elif own.after:
            table_find(tills, own.till).leg = own.after
        else:
            table_drop(tills, own.till, leg)

    cdef str _text(self, const Leg* leg, int place):
        return PyUnicode_DecodeASCII(<char*>leg.held + leg.at[place], leg.long_[place], NULL)

    cdef bytes _json(self, const Leg* leg):
        """Return the record of a packed leg as JSON; ``received_at`` is not in it."""
        cdef char[2 * LONGEST_PACKED] text
        cdef size_t size = self._write_json(leg, text, False)
        return PyBytes_FromStringAndSize(text, size)

    cdef size_t _write_json(self, const Leg* leg, char* text, bint briefly) except 0:
        """Write the record of a packed leg as JSON and return its length; ``briefly`` leaves out what is evidence alone."""
        cdef const char* packed = <const char*>leg.held
        cdef size_t p = 0, full = 0, size
        cdef int field
        cdef bint is_text, is_absent
        cdef bytes name
        while p < leg.size:
            field = <uint8_t>packed[p] & ~(TEXT | ABSENT)
            is_text = (<uint8_t>packed[p] & TEXT) != 0
            is_absent = (<uint8_t>packed[p] & ABSENT) != 0
            p += 1
            if briefly and (SOFTWARE_VERSION <= field <= ROUND_TRIP_MS or field == EXTRA or is_absent):
                if field == EXTRA:
                    p += <uint8_t>packed[p] + 1
                if not is_absent:
                    p += <uint8_t>packed[p] + 1
                continue
            text[full] = c"," if full else c"{"
            text[full + 1] = c'"'
            full += 2
            if field == EXTRA:
                size = <uint8_t>packed[p]
                memcpy(text + full, packed + p + 1, size)
                p += size + 1
            else:
                name = <bytes>FIELDS[field]
                size = PyBytes_GET_SIZE(name)
                memcpy(text + full, PyBytes_AS_STRING(name), size)
            full += size
            text[full] = c'"'
            text[full + 1] = c":"
            full += 2
            if is_absent:
                memcpy(text + full, b"null", 4)
                full += 4
                continue
            size = <uint8_t>packed[p]
            if is_text:
                text[full] = c'"'
                full += 1
            memcpy(text + full, packed + p + 1, size)
            full += size
            p += size + 1
            if is_text:
                text[full] = c'"'
                full += 1
        text[full] = c"}"
        return full + 1

    cdef object _take_event(self, uint32_t leg):
        """Return the event of a leg that is read but not applied; the leg is given back."""
        cdef Leg* standing = &self.legs[leg]
        cdef bint known = standing.known
        if standing.state == EVENT:
            event = <object>standing.held
            Py_DECREF(event)
            self._free_leg(leg)
            return event
        event = self.read_again(standing.source, standing.log_time, standing.offset, self._json(standing))
        event.deadline = 0  # it is no leg yet
        if known:
            event.id_known = True
        self._drop_leg(leg)
        return event

    # --- reading

    cdef bint _is_known(self, int source, uint64_t hashed, int64_t log_time, bint* first) except -1:
        """Remember an event id in its generation; tell whether the source has sent it before.

        ``first`` says that it is the first of its fetch, when the generations may change.
        """
        if first[0]:
            first[0] = False
            if log_time - self.ids_started[source] > self.horizon_ms:
                hashes_clear(&self.older[source])
                if log_time - self.ids_latest[source] <= self.horizon_ms:
                    self.older[source] = self.young[source]
                    self.young[source].items = NULL
                    self.young[source].count = self.young[source].room = 0
                hashes_clear(&self.young[source])
                self.ids_started[source] = log_time
        self.ids_latest[source] = log_time
        if hashes_has(&self.young[source], hashed):
            return True
        hashes_add(&self.young[source], hashed)
        return hashes_has(&self.older[source], hashed)

    def read(self, int source, records, int64_t log_time, int64_t processed, int64_t now_ms, int64_t passed, marks,
             decode):
        """Read one fetch of a source into the waiting line.

        Takes the log time reached so far, the first offset that was not handled before, the wall
        clock, the log time up to which all was applied, and the ``Marks`` of a live lane or ``None``.
        Returns the log time reached, the records that are no events, the events that are not packed, and those of
        them that lie behind ``passed`` and are not in the waiting line, all in order.
        """
        cdef int64_t offset, timestamp
        cdef bint first = True
        cdef uint32_t leg
        cdef Leg* standing
        cdef Leg* scanned = &self.scanned
        cdef const char* key_text
        cdef Py_ssize_t key_size
        cdef bint usual
        cdef uint64_t hashed
        cdef size_t before = self.waiting[source].count
        cdef bytes raw
        cdef list letters = [], events = [], behind = []
        cdef tuple record
        cdef array.array times = None if marks is None else marks.times
        cdef array.array offsets = None if marks is None else marks.offsets
        scanned.source = <uint8_t>source
        for record in records:
            offset, timestamp, key, value = record
            if timestamp > log_time:
                log_time = timestamp
                if marks is not None:  # as ``Marks.add``, for nearly every record of a quiet feed
                    array.extend_buffer(times, <char*>&log_time, 1)
                    array.extend_buffer(offsets, <char*>&offset, 1)
            usual = PyBytes_CheckExact(value) and timestamp - now_ms <= self.lead_ms and log_time >= passed
            if usual:
                key_text, key_size = NULL, 0
                if PyBytes_CheckExact(key):
                    key_text, key_size = PyBytes_AS_STRING(key), PyBytes_GET_SIZE(key)
                usual = scan(PyBytes_AS_STRING(value), PyBytes_GET_SIZE(value), key_text, key_size, &self.dialect,
                             scanned, self.buffer)
                # What was made long ago may be delivered once more: the ledger knows.
                usual = usual and not (self.dialect.tells_time and log_time - <int64_t>scanned.id_hash >= _OLD)
            if usual:
                leg = self._new_leg()
                standing = &self.legs[leg]
                scanned.serial = standing.serial
                standing[0] = scanned[0]
                standing.state = READ
                standing.held = malloc(scanned.size)
                if standing.held == NULL:
                    raise MemoryError
                memcpy(standing.held, self.buffer, scanned.size)
                standing.log_time = log_time
                standing.offset = offset
                self._key(standing)
                if self.table.room:
                    vw_prefetch(&self.table.buckets[standing.hashed & (self.table.room - 1)])
                hashed = hash_bytes(self.buffer + scanned.at[AT_ID], scanned.long_[AT_ID], 0)
                if self.young[source].room:
                    vw_prefetch(&self.young[source].items[hashed & (self.young[source].room - 1)])
                if self.older[source].room:
                    vw_prefetch(&self.older[source].items[hashed & (self.older[source].room - 1)])
                standing.id_hash = hashed
                if offset >= processed:
                    self.read_count[source][standing.kind][standing.outcome] += 1
                    self.defaulted += standing.defaulted
                ring_push(&self.waiting[source], leg)
                continue
            event = decode(offset, log_time, timestamp, key, value, now_ms)
            if type(event) is not Event:
                letters.append(event)
                continue
            raw = event.body.event_id.encode()
            hashed = hash_bytes(raw, len(raw), 0)
            events.append(event)
            if log_time < passed:
                if self._is_known(source, hashed, log_time, &first):
                    event.id_known = True
                behind.append(event)
                continue
            leg = self._new_leg()
            standing = &self.legs[leg]
            standing.state = EVENT
            standing.log_time = log_time
            Py_INCREF(event)
            standing.held = <void*>event
            standing.id_hash = hashed
            ring_push(&self.waiting[source], leg)
        self._look_ahead(source, before, &first)
        return log_time, letters, events, behind

    cdef uint32_t _reference(self, const Leg* leg, int place) noexcept:
        """Return the hash of a reference without leading zeros, 0 where there is none."""
        cdef const char* text = <char*>leg.held + leg.at[place]
        cdef size_t size = leg.long_[place]
        while size and text[0] == c"0":
            text, size = text + 1, size - 1
        return <uint32_t>hash_bytes(text, size, 0) | 1 if size else 0

    cdef int _look_ahead(self, int source, size_t before, bint* first) except -1:
        """Mark the new events whose id was known, and fetch from memory what applying them will look at.

        With millions of vouchers every look-up waits for memory; asked for a fetch ahead, they wait together.
        """
        cdef Ring* ring = &self.waiting[source]
        cdef size_t i
        cdef Leg* leg
        cdef const Bucket* bucket
        for i in range(before, ring.count):
            leg = &self.legs[ring.items[(ring.first + i) & (ring.room - 1)]]
            leg.known = self._is_known(source, leg.id_hash, leg.log_time, first)
            if leg.state == EVENT:
                if leg.known:
                    (<object>leg.held).id_known = True
            elif self.table.room:
                bucket = &self.table.buckets[leg.hashed & (self.table.room - 1)]
                vw_prefetch(&self.legs[bucket.leg])
                vw_prefetch(<char*>&self.legs[bucket.leg] + sizeof(Leg) - 1)
        if self.table.room:
            for i in range(before, ring.count):
                leg = &self.legs[ring.items[(ring.first + i) & (ring.room - 1)]]
                bucket = &self.table.buckets[leg.hashed & (self.table.room - 1)]
                if bucket.leg and bucket.hashed == leg.hashed and leg.state == READ:
                    vw_prefetch(self.legs[bucket.leg].held)
        return 0

    cdef void _key(self, Leg* leg) noexcept:
        """Let a leg's number stand without leading zeros, and hash its key."""
        cdef const char* held = <const char*>leg.held
        while leg.long_[AT_NUMBER] > 1 and held[leg.at[AT_NUMBER]] == c"0":
            leg.at[AT_NUMBER] += 1
            leg.long_[AT_NUMBER] -= 1
        leg.till = <uint32_t>(hash_bytes(held + leg.at[AT_TERMINAL], leg.long_[AT_TERMINAL], 0) >> 32)
        leg.references[0] = self._reference(leg, AT_RRN)
        leg.references[1] = self._reference(leg, AT_AUTH)
        leg.hashed = key_hash(
            held + leg.at[AT_TERMINAL], leg.long_[AT_TERMINAL], held + leg.at[AT_NUMBER], leg.long_[AT_NUMBER]
        )

    def take_counts(self, int source):
        """Return (kind, outcome, count) of the packed events read since the last call, and how many had no outcome."""
        cdef int kind, outcome
        counts = []
        for kind in range(KINDS):
            for outcome in range(OUTCOMES):
                if self.read_count[source][kind][outcome]:
                    counts.append((USUAL_KINDS[kind], FINAL_OUTCOMES[outcome], self.read_count[source][kind][outcome]))
                    self.read_count[source][kind][outcome] = 0
        defaulted, self.defaulted = self.defaulted, 0
        return counts, defaulted

    # --- the merged order

    def apply(self, int64_t mark, general, fire):
        """Apply all that was read and lies before ``mark``: packed where it is usual, else through ``general``.

        ``fire`` fires the timers before a log time.
        """
        cdef Ring* terminals = &self.waiting[0]
        cdef Ring* hosts = &self.waiting[1]
        cdef uint32_t leg, other
        cdef int64_t at, due, silent_until = self.journal.silent_until
        cdef list delays = self.journal.out.pair_delays
        cdef int i
        due = min(<int64_t>self.timers.next_due, self.lone_due)
        while True:
            leg = <uint32_t>ring_head(terminals) if terminals.count else 0
            other = <uint32_t>ring_head(hosts) if hosts.count else 0
            if leg == 0 or (other and self.legs[other].log_time < self.legs[leg].log_time):
                leg = other
            if leg == 0 or self.legs[leg].log_time >= mark:
                break
            ring_drop(hosts if leg == other else terminals)
            at = self.legs[leg].log_time
            if due < at:
                fire(at)
                due = min(<int64_t>self.timers.next_due, self.lone_due)
            if self.legs[leg].state == READ and at >= self.gate_from:
                if self._take(leg, at, silent_until, delays):
                    due = min(due, self.lone_due)
                    continue
            general(self._take_event(leg))
            due = min(<int64_t>self.timers.next_due, self.lone_due)
        for i in range(LINKS):
            if self.matched[i]:
                self.journal.add_matched(self.link_names[i], self.matched[i])
                self.matched[i] = 0

    cdef bint _take(self, uint32_t leg, int64_t at, int64_t silent_until, list delays) except -1:
        """Apply a packed leg at its place in the order; tell whether it could stay packed."""
        cdef Leg* own = &self.legs[leg]
        cdef const char* held = <const char*>own.held
        cdef uint32_t first
        cdef Leg* standing
        if own.known or self._ends_silence(own.source, at):
            return False
        if self.wanted and (self._text(own, AT_TERMINAL), self._text(own, AT_NUMBER)) in self.wanted:
            return False
        first = self._find(own.hashed, held + own.at[AT_TERMINAL], own.long_[AT_TERMINAL], held + own.at[AT_NUMBER],
                           own.long_[AT_NUMBER])
        if first:
            standing = &self.legs[first]
            if standing.state == LONE:
                if standing.source == own.source or at - standing.log_time > self.span_ms or not agree(standing, own):
                    return False
                self._speak(own, at)
                self._pair(first, leg, at, silent_until, delays)
                return True
            if at - self.legs[standing.partner].log_time <= self.span_ms:
                return False
            self._leave(first, &self.table, &self.tills)
            self.facts.append(self._fact(first))
            standing.state = DETACHED
        elif (self.runs or self.accused):
            key = self._text(own, AT_TERMINAL), self._text(own, AT_NUMBER)
            if key in self.runs or key in self.accused:
                return False
        self._speak(own, at)
        own.state = LONE
        self._enter(leg, &self.table, &self.tills)
        ring_push(&self.lone[self.queue_of[own.kind]], ticket(leg, own.serial))
        if self.live:
            ring_push(&self.births, ticket(leg, own.serial))
        self.lone_count[own.source] += 1
        self.lone_due = min(self.lone_due, at + self.window[self.queue_of[own.kind]])
        return True

    cdef void _pair(self, uint32_t first, uint32_t second, int64_t at, int64_t silent_until, list delays):
        cdef Leg* one = &self.legs[first]
        cdef Leg* other = &self.legs[second]
        cdef int link
        one.state, other.state = PAIRED, SECOND
        one.partner = second
        for link in range(2):
            if one.references[link] == 0:
                one.references[link] = other.references[link]
        self.lone_count[one.source] -= 1
        ring_push(&self.closed, ticket(first, one.serial))
        if at > silent_until:
            link = one.link if one.source == 1 else other.link
            if link == 0:
                link = other.link if one.source == 1 else one.link
            self.matched[link] += 1
            delays.append(at - one.log_time)

    cdef bint _ends_silence(self, int source, int64_t at) noexcept:
        """Tell whether a source was silent for so long that its event moves holds, and timers with them."""
        return (
            self.live
            and self.speech[LAST_SOURCE] == 1 - source
            and at - self.speech[SILENT_SINCE + source] >= self.stall_after_ms
        )

    cdef int _speak(self, const Leg* leg, int64_t at) except -1:
        """Take note of who speaks, as ``Blindness.note`` does; the end of a silence is left to it."""
        cdef int source = leg.source
        cdef uint64_t hashed
        if not self.live:
            return 0
        if self.asks_terminals and self.met[source].count < _MOST_TERMINALS:
            hashed = hash_bytes(<char*>leg.held + leg.at[AT_TERMINAL], leg.long_[AT_TERMINAL], 0)
            if not hashes_has(&self.met[source], hashed):
                self.meet(source, self._text(leg, AT_TERMINAL), at)
                hashes_add(&self.met[source], hashed)
        if self.speech[LAST_SOURCE] == source:
            self.speech[STREAK] += 1
        else:
            self.speech[SILENT_SINCE + source] = -1
            self.speech[SILENT_SINCE + 1 - source] = at if self.speech[LAST_SOURCE] < 0 else self.speech[LAST_MS]
            self.speech[LAST_SOURCE] = source
            self.speech[STREAK] = 1
        self.speech[LAST_MS] = at
        return 0

    # --- what is asked of it

    def unpack(self, str terminal, str number):
        """Take a voucher out by its key in comparable form, ``None`` where there is none.

        Returns its legs in the order in which they came, each (source, log time, offset, JSON).
        """
        cdef Py_ssize_t terminal_size, number_size
        cdef const char* terminal_text = PyUnicode_AsUTF8AndSize(terminal, &terminal_size)
        cdef const char* number_text = PyUnicode_AsUTF8AndSize(number, &number_size)
        cdef uint32_t first = self._find(
            key_hash(terminal_text, terminal_size, number_text, number_size), terminal_text, terminal_size,
            number_text, number_size
        )
        cdef uint32_t second
        cdef Leg* one
        if first == 0:
            return None
        one = &self.legs[first]
        found = [(one.source, one.log_time, one.offset, self._json(one))]
        self._leave(first, &self.table, &self.tills)
        if one.state == LONE:
            self.lone_count[one.source] -= 1
        else:
            second = one.partner
            found.append((self.legs[second].source, self.legs[second].log_time, self.legs[second].offset,
                          self._json(&self.legs[second])))
            self._drop_leg(second)
        self._drop_leg(first)
        return found

    def due_keys(self, int64_t before, int64_t at_most=_NEVER):
        """Return the keys of the lone legs with a deadline smaller than ``before``, the ``at_most`` oldest."""
        cdef int i, best
        cdef int64_t due, earliest
        cdef uint32_t leg
        keys = []
        while len(keys) < at_most:
            best, earliest = -1, _NEVER
            for i in range(self.windows):
                leg = self._oldest(&self.lone[i])
                if leg:
                    due = self.legs[leg].log_time + self.window[i]
                    if due < earliest:
                        best, earliest = i, due
            self.lone_due = earliest
            if best < 0 or earliest >= before:
                break
            leg = <uint32_t>ring_head(&self.lone[best])
            keys.append((self._text(&self.legs[leg], AT_TERMINAL), self._text(&self.legs[leg], AT_NUMBER)))
            ring_drop(&self.lone[best])
        return keys

    cdef uint32_t _oldest(self, Ring* ring) noexcept:
        """Return the first leg of a ring that still waits alone, 0 where none does; the others are dropped."""
        cdef uint64_t head
        while ring.count:
            head = ring_head(ring)
            if self.legs[<uint32_t>head].serial == head >> 32 and self.legs[<uint32_t>head].state == LONE:
                return <uint32_t>head
            ring_drop(ring)
        return 0

    def keys_of(self, str terminal, str reference):
        """Return the keys of a terminal's vouchers; with a reference of those at least that have it."""
        cdef Py_ssize_t size, sought_size
        cdef const char* text = PyUnicode_AsUTF8AndSize(terminal, &size)
        cdef const char* sought = PyUnicode_AsUTF8AndSize(reference, &sought_size)
        cdef uint32_t hashed = <uint32_t>hash_bytes(sought, sought_size, 0) | 1
        cdef Bucket* head = table_find(&self.tills, <uint32_t>(hash_bytes(text, size, 0) >> 32))
        cdef uint32_t at = head.leg if head != NULL else 0
        cdef const Leg* leg
        keys = []
        while at:
            leg = &self.legs[at]
            if sought_size == 0 or leg.references[0] == hashed or leg.references[1] == hashed:
                if leg.long_[AT_TERMINAL] == size and memcmp(<char*>leg.held + leg.at[AT_TERMINAL], text, size) == 0:
                    keys.append((terminal, self._text(leg, AT_NUMBER)))
            at = leg.after
        return keys

    cdef int _keep(self, uint32_t first) except -1:
        """Let a forgotten pair stand among the forgotten ones."""
        cdef Leg* one = &self.legs[first]
        cdef int place
        one.state = FORGOTTEN
        self._enter(first, &self.cold, &self.cold_tills)
        for place in range(2):
            if one.references[place]:
                table_add(&self.cold_references, one.references[place], first)
        ring_push(&self.cold_line, first)
        return 0

    def forget(self, int64_t before, size_t most):
        """Give back the forgotten pairs that began before a log time, and the oldest beyond ``most`` (0: any number).

        Returns the log time of the latest that went for being too many, -1 where none did.
        """
        cdef uint32_t leg
        cdef Leg* one
        cdef int place
        cdef int64_t lost = -1
        while self.cold_line.count:
            leg = <uint32_t>ring_head(&self.cold_line)
            one = &self.legs[leg]
            if one.log_time >= before:
                if not most or self.cold_line.count <= most:
                    break
                lost = max(lost, one.log_time)
            ring_drop(&self.cold_line)
            self._leave(leg, &self.cold, &self.cold_tills)
            for place in range(2):
                if one.references[place]:
                    table_drop(&self.cold_references, one.references[place], leg)
            self._drop_leg(one.partner)
            self._drop_leg(leg)
        return lost

    cdef bint _is_of(self, const Leg* leg, int place, const char* text, size_t size) noexcept:
        return leg.long_[place] == size and memcmp(<char*>leg.held + leg.at[place], text, size) == 0

    def facts_of_number(self, str terminal, str number):
        """Return the forgotten pairs of a number as facts."""
        cdef Py_ssize_t terminal_size, number_size
        cdef const char* terminal_text = PyUnicode_AsUTF8AndSize(terminal, &terminal_size)
        cdef const char* number_text = PyUnicode_AsUTF8AndSize(number, &number_size)
        cdef uint32_t hashed = key_hash(terminal_text, terminal_size, number_text, number_size)
        cdef size_t at
        cdef const Leg* leg
        found = []
        if self.cold.room == 0:
            return found
        at = hashed & (self.cold.room - 1)
        while self.cold.buckets[at].leg:
            if self.cold.buckets[at].hashed == hashed:
                leg = &self.legs[self.cold.buckets[at].leg]
                if self._is_of(leg, AT_TERMINAL, terminal_text, terminal_size) and self._is_of(
                    leg, AT_NUMBER, number_text, number_size
                ):
                    found.append(self._fact(self.cold.buckets[at].leg))
            at = (at + 1) & (self.cold.room - 1)
        return found

    def facts_of_reference(self, str terminal, str reference):
        """Return the forgotten pairs of a terminal that have a reference, and perhaps others, as facts."""
        cdef Py_ssize_t size, sought_size
        cdef const char* text = PyUnicode_AsUTF8AndSize(terminal, &size)
        cdef const char* sought = PyUnicode_AsUTF8AndSize(reference, &sought_size)
        cdef uint32_t hashed = <uint32_t>hash_bytes(sought, sought_size, 0) | 1
        cdef size_t at
        found = []
        if self.cold_references.room == 0:
            return found
        at = hashed & (self.cold_references.room - 1)
        while self.cold_references.buckets[at].leg:
            if self.cold_references.buckets[at].hashed == hashed:
                if self._is_of(&self.legs[self.cold_references.buckets[at].leg], AT_TERMINAL, text, size):
                    found.append(self._fact(self.cold_references.buckets[at].leg))
            at = (at + 1) & (self.cold_references.room - 1)
        return found

    def facts_of_terminal(self, str terminal, int64_t since):
        """Return the forgotten pairs of a terminal that began at a log time or later, as facts."""
        cdef Py_ssize_t size
        cdef const char* text = PyUnicode_AsUTF8AndSize(terminal, &size)
        cdef Bucket* head = table_find(&self.cold_tills, <uint32_t>(hash_bytes(text, size, 0) >> 32))
        cdef uint32_t at = head.leg if head != NULL else 0
        found = []
        while at:
            if self.legs[at].log_time >= since and self._is_of(&self.legs[at], AT_TERMINAL, text, size):
                found.append(self._fact(at))
            at = self.legs[at].after
        return found

    cdef tuple _fact(self, uint32_t first):
        """Return a pair as a fact; see ``fact.py``."""
        cdef Leg* one = &self.legs[first]
        cdef Leg* other = &self.legs[one.partner]
        cdef const Leg* terminal = one if one.source == 0 else other
        cdef const Leg* host = other if one.source == 0 else one
        cdef char[4 * LONGEST_PACKED] text
        cdef size_t full
        full = <size_t>sprintf(text, b'{"t":[%lld,%lld,', <long long>terminal.log_time, <long long>terminal.offset)
        full += self._write_json(terminal, text + full, True)
        full += <size_t>sprintf(text + full, b'],"h":[%lld,%lld,', <long long>host.log_time, <long long>host.offset)
        full += self._write_json(host, text + full, True)
        memcpy(text + full, b"]}", 2)
        return (self._text(one, AT_TERMINAL), self._text(one, AT_NUMBER), one.log_time, one.source, one.offset,
                PyBytes_FromStringAndSize(text, full + 2), self._references(one, other))

    cdef tuple _references(self, const Leg* one, const Leg* other):
        """Return the rrns and authorisation codes of a pair without leading zeros, each once."""
        found = []
        cdef int place
        cdef const Leg* leg
        cdef int turn
        for turn in range(2):
            leg = other if turn else one
            for place in (AT_RRN, AT_AUTH):
                if leg.long_[place]:
                    text = self._text(leg, place).lstrip("0")
                    if text and text not in found:
                        found.append(text)
        return tuple(found)

    def take_facts(self):
        """Return what was forgotten since the last call, as facts for the ledger."""
        facts, self.facts = self.facts, []
        return facts

    def sweep(self, int64_t now):
        """Give back the pairs that nothing can ask for at log time ``now``, a held back cut included; they become facts."""
        cdef uint64_t head
        cdef uint32_t leg
        cdef int64_t floor = now - self.span_ms
        if self.live:
            floor = min(floor, self.needed_from)
        while self.closed.count:
            head = ring_head(&self.closed)
            leg = <uint32_t>head
            if self.legs[leg].serial == head >> 32:
                if self.legs[self.legs[leg].partner].log_time >= floor:
                    break
                if self.legs[leg].state == PAIRED:
                    self._leave(leg, &self.table, &self.tills)
                    if self.keeps:
                        self._keep(leg)
                        ring_drop(&self.closed)
                        continue
                    self.facts.append(self._fact(leg))
                self._drop_leg(self.legs[leg].partner)
                self._drop_leg(leg)
            ring_drop(&self.closed)

    def oldest_needed(self, int64_t from_ms):
        """Return the first log time of the oldest voucher that ends at ``from_ms`` or later or waits, else ``from_ms``."""
        cdef uint64_t head
        cdef Leg* leg
        self.needed_from = from_ms
        while self.births.count:
            head = ring_head(&self.births)
            leg = &self.legs[<uint32_t>head]
            if leg.serial == head >> 32 and (leg.state == LONE or self.legs[leg.partner].log_time >= from_ms):
                return min(from_ms, leg.log_time)
            ring_drop(&self.births)
        return from_ms

    @property
    def sizes(self):
        """Return the size of everything that grows with the traffic, by name."""
        return {
            "keys": self.table.count,
            "closed": self.closed.count,
            "births": self.births.count,
            "cold": self.cold.count + self.cold_references.count + self.cold_line.count,
            "lone": sum(self.lone[i].count for i in range(self.windows)),
            "ids": self.young[0].count + self.older[0].count + self.young[1].count + self.older[1].count,
        }

    @property
    def pending(self):
        """Return how many packed legs of terminal and host wait alone."""
        return self.lone_count[0], self.lone_count[1]

    @property
    def waiting_counts(self):
        """Return how many events of terminal and host wait for their turn."""
        return self.waiting[0].count, self.waiting[1].count

    @property
    def due(self):
        """Return a time before which no packed leg reaches its deadline."""
        return self.lone_due


cdef inline uint32_t key_hash(const char* terminal, size_t terminal_size, const char* number, size_t number_size) noexcept nogil:
    return <uint32_t>(hash_bytes(number, number_size, hash_bytes(terminal, terminal_size, 0)) >> 32)
