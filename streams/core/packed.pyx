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
    before timers are fired: lone legs whose deadline they reach are unpacked;
                     pairs that point at an original are held against it where that is plain, else unpacked
"""

from cpython cimport array
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_CheckExact, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.ref cimport Py_DECREF, Py_INCREF
from cpython.unicode cimport PyUnicode_DecodeASCII, PyUnicode_DecodeUTF8
from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free, malloc, realloc
from libc.stdio cimport sprintf
from libc.string cimport memcmp, memcpy, memset

from streams.core.blindness import MAX_TERMINALS
from streams.core.currency import KNOWN, LETTERS
from streams.core.event import Event
from streams.core.fact import FIELDS
from streams.core.redelivery import OLD_MS
from streams.core.timers import NEVER

cdef extern from "Python.h":
    const char* PyUnicode_AsUTF8AndSize(object text, Py_ssize_t* size) except NULL

include "packed_signs.pxi"
include "packed_shape.pxi"
include "packed_values.pxi"
include "packed_original.pxi"
include "packed_scan.pxi"
include "packed_agree.pxi"
include "packed_space.pxi"
include "packed_table.pxi"
include "packed_notes.pxi"
include "packed_lines.pxi"

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
    MANY_NOTES = 4096

# The places of ``Blindness.speech``.
cdef enum:
    LAST_SOURCE, STREAK, LAST_MS, SILENT_SINCE


cdef struct Fetch:
    # What all records of one fetch are read with.
    int source
    bint first  # no id of it was looked up yet
    int64_t log_time  # reached so far
    int64_t processed
    int64_t now_ms
    int64_t passed


cdef inline uint64_t ticket(uint32_t leg, uint32_t serial) noexcept nogil:
    """Return what a ring holds of a leg: it shows whether the leg is still the same voucher's."""
    return (<uint64_t>serial << 32) | leg


cdef inline uint64_t note_of(uint32_t hashed) noexcept nogil:
    """Return what a set of hashes, which are never 0, holds of a key."""
    return (<uint64_t>1 << 32) | hashed


cdef class Packed:
    """The packed vouchers of one lane, and its waiting line of both sources.

    Times are epoch milliseconds of log time; sources are 0, terminal, and 1, host.
    """

    cdef Dialect dialect
    cdef Leg* legs
    cdef Space space
    cdef uint32_t legs_used, legs_room, free_leg
    cdef Tables table, tills
    cdef Table unjudged  # by terminal, what points at an original and was not held against it yet
    # Forgotten pairs, where this is the ledger too: by key, reference and terminal, in the order of their going.
    cdef Tables cold, cold_references, cold_tills
    cdef Ring cold_line
    cdef Ring unwritten_line  # of a ledger on disk: the forgotten pairs that no chunk was made of yet
    cdef uint64_t cold_ever
    cdef public bint keeps, shelves
    """Whether forgotten pairs stay here: all until ``forget``, or each until a chunk that it is in is written.

    Without either they are handed out as facts.
    """
    cdef Ring[2] waiting
    cdef Ring closed
    cdef Ring births
    cdef Ring[WINDOWS] lone
    cdef Ring[WINDOWS] chains  # pairs that are still to be held against their original, by deadline
    cdef int64_t[WINDOWS] window
    cdef uint8_t[KINDS] queue_of
    cdef int windows
    cdef int64_t span_ms, horizon_ms, lead_ms, stall_after_ms
    cdef int64_t needed_from  # of a live lane: the log time from which on the latest cut asked for what has ended
    cdef int64_t swept_at
    cdef bint live, asks_terminals
    cdef Hashes[2] young
    cdef Hashes[2] older
    cdef int64_t[2] ids_started
    cdef int64_t[2] ids_latest
    cdef Hashes[2] met
    cdef Hashes noted
    cdef int64_t[2] lone_count
    cdef int64_t lone_due, chain_due
    cdef int64_t originals_ms, completion_percent
    cdef int64_t[LINKS] matched
    cdef int64_t[2][KINDS][OUTCOMES] read_count
    cdef int64_t defaulted
    cdef Leg scanned
    cdef char[LONGEST_PACKED] buffer
    cdef int64_t[::1] speech
    cdef dict runs, accused, wanted, pointing
    cdef list facts
    cdef object journal, timers, read_again, meet, may_outdo, remembered, pulse
    cdef int64_t[::1] heard
    cdef int64_t* flat  # the same
    cdef list link_names
    cdef readonly int64_t gone_until
    """The log time after which no pair began that was forgotten and has left."""
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
        self.originals_ms = policy.originals_horizon_ms
        self.completion_percent = policy.completion_max_percent
        self.live = live
        self.facts = []
        self.asks_terminals = live and partitions > 1
        self.lone_due = self.chain_due = _NEVER
        self.gate_from = self.needed_from = self.gone_until = -1
        self.legs_used = 1  # no leg is number 0
        tables_begin(&self.table)
        tables_begin(&self.tills)
        tables_begin(&self.cold)
        tables_begin(&self.cold_references)
        tables_begin(&self.cold_tills)
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

    def attach(self, state, *, read_again, meet, may_outdo, remembered):
        """Take the parts of the lane that know what is not packed.

        ``read_again`` makes an event of a source, log time, offset and JSON; ``meet`` takes the source and id of a
        new terminal and the log time; ``may_outdo`` tells of a key, a reference and a place whether anything that is
        not packed may be a later voucher with that number or, where a reference is given, with that at the terminal;
        ``remembered`` returns what the legs of a voucher that is not packed tell of its terminal's life.
        """
        memory = state.memory
        self.runs, self.accused, self.wanted = memory.runs, memory.with_anomaly, memory.wanted
        self.pointing, self.may_outdo = memory.pointing, may_outdo
        self.journal, self.timers = state.journal, state.timers
        self.read_again, self.meet, self.remembered = read_again, meet, remembered
        self.dialect.tells_time = state.ledger.outlives
        if state.blind is not None:
            self.speech = state.blind.speech
        if state.diagnoser is not None:
            self.pulse = state.diagnoser.pulse
            self.heard = self.pulse.heard
            self.flat = &self.heard[0]

    def __dealloc__(self):
        cdef uint32_t leg
        cdef int i
        for leg in range(1, self.legs_used):
            if self.legs[leg].state == EVENT:
                Py_DECREF(<object>self.legs[leg].held)
            elif self.legs[leg].state != FREE and self.legs[leg].size > (STEPS - 1) * STEP:
                free(self.legs[leg].held)
        space_clear(&self.space)
        vw_drop_row(self.legs, self.legs_room * sizeof(Leg))
        tables_clear(&self.table)
        tables_clear(&self.tills)
        tables_clear(&self.cold)
        tables_clear(&self.cold_references)
        tables_clear(&self.cold_tills)
        free(self.unjudged.buckets)
        free(self.cold_line.items)
        free(self.unwritten_line.items)
        free(self.closed.items)
        free(self.births.items)
        for i in range(2):
            free(self.waiting[i].items)
            hashes_clear(&self.young[i])
            hashes_clear(&self.older[i])
            hashes_clear(&self.met[i])
        hashes_clear(&self.noted)
        for i in range(WINDOWS):
            free(self.lone[i].items)
            free(self.chains[i].items)

    # --- legs

    cdef uint32_t _new_leg(self) except 0:
        cdef uint32_t leg = self.free_leg, room
        cdef Leg* wider
        if leg:
            self.free_leg = self.legs[leg].partner
            return leg
        if self.legs_used >= self.legs_room:
            room = self.legs_room * 2 if self.legs_room else 4096
            wider = <Leg*>vw_wider(self.legs, self.legs_room * sizeof(Leg), room * sizeof(Leg))
            if wider == NULL:
                raise MemoryError
            self.legs, self.legs_room = wider, room
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
        space_give(&self.space, self.legs[leg].held, self.legs[leg].size)
        self._free_leg(leg)

    cdef uint32_t _find(self, uint32_t hashed, const char* terminal, size_t terminal_size, const char* number,
                        size_t number_size) noexcept:
        """Return the leg that stands under a key, 0 where there is none."""
        cdef const Table* table = table_of(&self.table, hashed)
        cdef size_t at
        cdef const Leg* leg
        if table.room == 0:
            return 0
        at = hashed & (table.room - 1)
        while table.buckets[at].leg:
            if table.buckets[at].hashed == hashed:
                leg = &self.legs[table.buckets[at].leg]
                if (
                    leg.long_[AT_NUMBER] == number_size
                    and leg.long_[AT_TERMINAL] == terminal_size
                    and vw_equal(<char*>leg.held + leg.at[AT_NUMBER], number, number_size)
                    and vw_equal(<char*>leg.held + leg.at[AT_TERMINAL], terminal, terminal_size)
                ):
                    return table.buckets[at].leg
            at = (at + 1) & (table.room - 1)
        return 0

    cdef int _enter(self, uint32_t leg, Tables* table, Tables* tills) except -1:
        """Let a leg stand under its key, and at the head of its terminal's legs."""
        cdef Leg* own = &self.legs[leg]
        cdef Bucket* head = tables_find(tills, own.till)
        tables_add(table, own.hashed, leg)
        own.before = own.after = 0
        if head == NULL:
            tables_add(tills, own.till, leg)
            return 0
        own.after = head.leg
        self.legs[own.after].before = leg
        head.leg = leg
        return 0

    cdef void _leave(self, uint32_t leg, Tables* table, Tables* tills) noexcept:
        """Let a leg stand under its key no longer."""
        cdef Leg* own = &self.legs[leg]
        tables_drop(table, own.hashed, leg)
        if own.after:
            self.legs[own.after].before = own.before
        if own.before:
            self.legs[own.before].after = own.after
        elif own.after:
            tables_find(tills, own.till).leg = own.after
        else:
            tables_drop(tills, own.till, leg)

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
                hashes_empty(&self.older[source])
                if log_time - self.ids_latest[source] <= self.horizon_ms:
                    self.older[source], self.young[source] = self.young[source], self.older[source]
                else:
                    hashes_empty(&self.young[source])
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
        cdef Fetch fetch
        cdef size_t before = self.waiting[source].count, place
        cdef bytes raw
        cdef const char* key_text
        cdef Py_ssize_t key_size
        cdef Lines lines
        cdef list letters = [], events = [], behind = []
        cdef int64_t offset, timestamp
        cdef bint usual
        cdef tuple record
        cdef array.array times = None if marks is None else marks.times
        cdef array.array offsets = None if marks is None else marks.offsets
        fetch.source, fetch.processed, fetch.now_ms, fetch.passed = source, processed, now_ms, passed
        fetch.log_time, fetch.first = log_time, True
        self.scanned.source = <uint8_t>source
        if type(records) is Lines and marks is None:
            lines = records
            for place in range(lines.kept):
                offset, timestamp = lines.first_offset + <int64_t>place, lines.found[place].time
                fetch.log_time = max(fetch.log_time, timestamp)
                if not self._read_usual(
                    &fetch, offset, timestamp, lines.text + lines.found[place].start, lines.found[place].size, NULL, 0
                ):
                    self._read_event(&fetch, lines._record(place), decode, letters, events, behind)
        else:
            for record in records:
                offset, timestamp, key, value = record
                if timestamp > fetch.log_time:
                    fetch.log_time = timestamp
                    if marks is not None:  # as ``Marks.add``, for nearly every record of a quiet feed
                        array.extend_buffer(times, <char*>&timestamp, 1)
                        array.extend_buffer(offsets, <char*>&offset, 1)
                usual = PyBytes_CheckExact(value)
                if usual:
                    raw, key_text, key_size = value, NULL, 0
                    if PyBytes_CheckExact(key):
                        key_text, key_size = PyBytes_AS_STRING(key), PyBytes_GET_SIZE(key)
                    usual = self._read_usual(&fetch, offset, timestamp, PyBytes_AS_STRING(raw), PyBytes_GET_SIZE(raw),
                                             key_text, key_size)
                if not usual:
                    self._read_event(&fetch, record, decode, letters, events, behind)
        self._look_ahead(source, before, &fetch.first)
        return fetch.log_time, letters, events, behind

    cdef bint _read_usual(self, Fetch* fetch, int64_t offset, int64_t timestamp, const char* text, size_t size,
                          const char* key, size_t key_size) except -1:
        """Let a record that is usual stand in the waiting line; tell whether it is."""
        cdef int source = fetch.source
        cdef uint32_t leg
        cdef Leg* standing
        cdef Leg* scanned = &self.scanned
        cdef uint64_t hashed
        if timestamp - fetch.now_ms > self.lead_ms or fetch.log_time < fetch.passed:
            return False
        if not scan(text, size, key, key_size, &self.dialect, scanned, self.buffer):
            return False
        if self.dialect.tells_time and fetch.log_time - <int64_t>scanned.id_hash >= _OLD:
            return False  # what was made long ago may be delivered once more: the ledger knows
        scanned.held = space_take(&self.space, scanned.size)
        leg = self._new_leg()
        standing = &self.legs[leg]
        scanned.serial = standing.serial
        standing[0] = scanned[0]
        standing.state = READ
        memcpy(standing.held, self.buffer, scanned.size)
        standing.log_time = fetch.log_time
        standing.offset = offset
        self._key(standing)
        vw_prefetch(bucket_of(&self.table, standing.hashed))
        hashed = hash_bytes(self.buffer + scanned.at[AT_ID], scanned.long_[AT_ID], 0)
        if self.young[source].room:
            vw_prefetch(&self.young[source].items[hashed & (self.young[source].room - 1)])
        if self.older[source].room:
            vw_prefetch(&self.older[source].items[hashed & (self.older[source].room - 1)])
        standing.id_hash = hashed
        if offset >= fetch.processed:
            self.read_count[source][standing.kind][standing.outcome] += 1
            self.defaulted += standing.defaulted
        ring_push(&self.waiting[source], leg)
        return True

    cdef int _read_event(self, Fetch* fetch, tuple record, decode, list letters, list events, list behind) except -1:
        """Read a record that is not usual: an event for the waiting line or behind it, or a dead letter."""
        cdef uint32_t leg
        cdef Leg* standing
        cdef uint64_t hashed
        cdef bytes raw
        event = decode(record[0], fetch.log_time, record[1], record[2], record[3], fetch.now_ms)
        if type(event) is not Event:
            letters.append(event)
            return 0
        raw = event.body.event_id.encode()
        hashed = hash_bytes(raw, len(raw), 0)
        events.append(event)
        if fetch.log_time < fetch.passed:
            if self._is_known(fetch.source, hashed, fetch.log_time, &fetch.first):
                event.id_known = True
            behind.append(event)
            return 0
        leg = self._new_leg()
        standing = &self.legs[leg]
        standing.state = EVENT
        standing.log_time, standing.offset = fetch.log_time, event.offset
        Py_INCREF(event)
        standing.held = <void*>event
        standing.id_hash = hashed
        ring_push(&self.waiting[fetch.source], leg)
        return 0

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
                continue
            bucket = bucket_of(&self.table, leg.hashed)
            if bucket != NULL:
                vw_prefetch(&self.legs[bucket.leg])
                vw_prefetch(<char*>&self.legs[bucket.leg] + sizeof(Leg) - 1)
        for i in range(before, ring.count):
            leg = &self.legs[ring.items[(ring.first + i) & (ring.room - 1)]]
            if leg.state == READ:
                bucket = bucket_of(&self.table, leg.hashed)
                if bucket != NULL and bucket.leg and bucket.hashed == leg.hashed:
                    vw_prefetch_piece(self.legs[bucket.leg].held, self.legs[bucket.leg].size)
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
        cdef int i, source
        due = self._next_due()
        while True:
            leg = <uint32_t>ring_head(terminals) if terminals.count else 0
            other = <uint32_t>ring_head(hosts) if hosts.count else 0
            if leg == 0 or (other and self.legs[other].log_time < self.legs[leg].log_time):
                leg = other
            if leg == 0 or self.legs[leg].log_time >= mark:
                break
            source = 1 if leg == other else 0
            ring_drop(hosts if source else terminals)
            at = self.legs[leg].log_time
            if due < at:
                fire(at)
                due = self._next_due()
            if self.legs[leg].state == READ and at >= self.gate_from:
                if self._take(leg, at, silent_until, delays):
                    due = min(due, min(self.lone_due, self.chain_due))
                    continue
            if self.flat != NULL:
                self.hear(source, at, self.legs[leg].offset)
            general(self._take_event(leg))
            due = self._next_due()
        for i in range(LINKS):
            if self.matched[i]:
                self.journal.add_matched(self.link_names[i], self.matched[i])
                self.matched[i] = 0

    cdef int64_t _next_due(self) except -1:
        """Return a time before which no timer is due and no packed leg or pair reaches its deadline."""
        return min(<int64_t>self.timers.next_due, min(self.lone_due, self.chain_due))

    cdef bint _take(self, uint32_t leg, int64_t at, int64_t silent_until, list delays) except -1:
        """Apply a packed leg at its place in the order; tell whether it could stay packed."""
        cdef Leg* own = &self.legs[leg]
        cdef const char* held = <const char*>own.held
        cdef uint32_t first
        cdef Leg* standing
        cdef Leg* other
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
            other = &self.legs[standing.partner]
            if at - other.log_time <= self.span_ms or standing.awaits or other.before or other.after:
                return False
            self._leave(first, &self.table, &self.tills)
            self.facts.append(self._fact(first))
            standing.state = DETACHED
        elif hashes_has(&self.noted, note_of(own.hashed)):
            key = self._text(own, AT_TERMINAL), self._text(own, AT_NUMBER)
            if key in self.runs or key in self.accused:
                return False
        self._speak(own, at)
        own.state = LONE
        self._enter(leg, &self.table, &self.tills)
        if points(own.kind):
            table_add(&self.unjudged, own.till, leg)
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
        if points(one.kind):
            one.awaits = 1
            ring_push(&self.chains[self.queue_of[one.kind]], ticket(first, one.serial))
            self.chain_due = min(self.chain_due, at + self.window[self.queue_of[one.kind]])
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
        if self.flat != NULL and self._listen(source, at, leg.offset):
            self._sample(leg, at)
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

    cdef int _sample(self, const Leg* leg, int64_t at) except -1:
        """Let diagnosis look at a packed event."""
        self.pulse.sample(leg.source, at, *members_of(leg))
        return 0

    cdef inline bint _listen(self, int source, int64_t at, int64_t offset) except -1:
        """Take note of who speaks for diagnosis; tell whether the event is one of the sample."""
        cdef int64_t* heard = self.flat
        cdef int64_t last = heard[HEARD_LAST + source]
        if at - last >= SILENT_MS and last >= 0:
            self.pulse.end_silence(source, at)
        heard[HEARD_LAST + source] = at
        heard[HEARD_SINCE + source] = 0
        heard[HEARD_SINCE + 1 - source] += 1
        return not (<uint32_t>(<uint64_t>offset * SCATTER) >> SHIFT) & heard[HEARD_MASK]

    cpdef hear(self, int source, int64_t at, int64_t offset):
        """Take note of an event that is not packed, before ``Pulse.hear`` does; tell it if the event is to be sampled."""
        if self._listen(source, at, offset):
            self.pulse.chosen = True

    def life(self, str terminal, int64_t number, int reach, int64_t since, int64_t at):
        """Return what the vouchers with a number near one say, as ``diagnosis.neighbours.counted`` does.

        Vouchers older than ``since`` are left out.  ``remembered`` is asked for those that may not be packed.
        """
        cdef Py_ssize_t terminal_size
        cdef const char* terminal_text = PyUnicode_AsUTF8AndSize(terminal, &terminal_size)
        cdef char[MOST_NEIGHBOURS][8] digits
        cdef size_t[MOST_NEIGHBOURS] size
        cdef uint32_t[MOST_NEIGHBOURS] hashed
        cdef int[MOST_NEIGHBOURS] steps
        cdef uint32_t[MOST_NEIGHBOURS] first
        cdef int step, i, count = 0
        cdef const Bucket* bucket
        cdef Life life
        memset(&life, 0, sizeof(Life))
        # What lies far apart in memory is asked for before it is looked at, so that the waits overlap.
        for step in range(-reach, reach + 1):
            if step and 0 < number + step <= 999999:
                size[count] = digits_of(number + step, digits[count])
                hashed[count] = key_hash(terminal_text, terminal_size, digits[count], size[count])
                if self.noted.room:
                    vw_prefetch(&self.noted.items[note_of(hashed[count]) & (self.noted.room - 1)])
                vw_prefetch(bucket_of(&self.table, hashed[count]))
                steps[count] = step
                count += 1
        for i in range(count):
            bucket = tables_find(&self.table, hashed[i])
            first[i] = 0 if bucket == NULL else bucket.leg
            vw_prefetch(&self.legs[first[i]])
            vw_prefetch(<char*>&self.legs[first[i]] + sizeof(Leg) - 1)
        for i in range(count):
            if first[i]:
                vw_prefetch_piece(self.legs[first[i]].held, self.legs[first[i]].size)
                if self.legs[first[i]].state != LONE:
                    vw_prefetch(&self.legs[self.legs[first[i]].partner])
        for i in range(count):
            if hashes_has(&self.noted, note_of(hashed[i])):
                legs = self.remembered((terminal, PyUnicode_DecodeASCII(digits[i], size[i], NULL)))
                if legs:
                    live_beside(&life, steps[i], legs, since, at)
                    continue
            if first[i]:
                self._live(
                    &life, steps[i], self._find(hashed[i], terminal_text, terminal_size, digits[i], size[i]), since, at
                )
        return told_of(&life)

    cdef void _live(self, Life* life, int step, uint32_t first, int64_t since, int64_t at) noexcept:
        """Take a neighbour that is packed, if there is one and it is not older than ``since``."""
        cdef const Leg* one = &self.legs[first]
        cdef const Leg* other = NULL
        if first == 0:
            return
        if one.state != LONE:
            other = &self.legs[one.partner]
            if one.source == 1:
                one, other = other, one
        if one.log_time >= since or (other != NULL and other.log_time >= since):
            live_packed(life, step, one, other, at)

    # --- what is asked of it

    def unpack(self, str terminal, str number):
        """Take a voucher out by its key in comparable form, with all that marks link it to; ``None`` where there is none.

        Returns each, the one that was pointed at first, as terminal, number, its legs in the order in which they came,
        each (source, log time, offset, JSON), whether it is of a kind that points at an original, and the
        deadline at which it is to be held against that, 0 where there is none.
        """
        cdef Py_ssize_t terminal_size, number_size
        cdef const char* terminal_text = PyUnicode_AsUTF8AndSize(terminal, &terminal_size)
        cdef const char* number_text = PyUnicode_AsUTF8AndSize(number, &number_size)
        cdef uint32_t first = self._find(
            key_hash(terminal_text, terminal_size, number_text, number_size), terminal_text, terminal_size,
            number_text, number_size
        )
        cdef uint32_t at
        if first == 0:
            return None
        if self.legs[first].state == LONE:
            return [self._take_out(first)]
        first = at = oldest_of_chain(self, first)
        while at:
            if self.legs[at].state == FORGOTTEN:  # goes where the others go, so that it can be marked again
                self.facts.append(self._fact(at))
                self._leave_cold(at)
            at = self.legs[self.legs[at].partner].after
        found = []
        while first:
            at = self.legs[self.legs[first].partner].after
            self._unlink(first)
            if self.legs[first].state == PAIRED:
                found.append(self._take_out(first))
            first = at
        return found

    cdef tuple _take_out(self, uint32_t first):
        """Return a voucher that is not linked, see ``unpack``; its legs are given back."""
        cdef Leg* one = &self.legs[first]
        cdef Leg* other
        cdef int64_t deadline = 0
        key = self._text(one, AT_TERMINAL), self._text(one, AT_NUMBER)
        legs = [(one.source, one.log_time, one.offset, self._json(one))]
        self._leave(first, &self.table, &self.tills)
        if one.state == LONE:
            self.lone_count[one.source] -= 1
        else:
            other = &self.legs[one.partner]
            legs.append((other.source, other.log_time, other.offset, self._json(other)))
            if one.awaits:
                deadline = other.log_time + self.window[self.queue_of[one.kind]]
            self._drop_leg(one.partner)
        pointing = points(one.kind)
        if pointing and (len(legs) == 1 or one.awaits):
            table_drop(&self.unjudged, one.till, first)
        self._drop_leg(first)
        return *key, legs, pointing, deadline

    cdef void _unlink(self, uint32_t first) noexcept:
        """Let a pair be linked to no other."""
        cdef Leg* closing = &self.legs[self.legs[first].partner]
        if closing.before:
            self.legs[self.legs[closing.before].partner].after = 0
        if closing.after:
            self.legs[self.legs[closing.after].partner].before = 0
        closing.before = closing.after = 0

    cdef void _drop_pair(self, uint32_t first) noexcept:
        self._unlink(first)
        self._drop_leg(self.legs[first].partner)
        self._drop_leg(first)

    def judge_due(self, int64_t before):
        """Hold the pairs with a deadline smaller than ``before`` against their originals where that is plain.

        Returns the keys of the others.
        """
        cdef int i
        cdef int64_t due
        cdef uint64_t head
        cdef uint32_t leg
        keys = []
        self.chain_due = _NEVER
        for i in range(self.windows):
            while self.chains[i].count:
                head = ring_head(&self.chains[i])
                leg = <uint32_t>head
                if self.legs[leg].serial == head >> 32:
                    due = self.legs[self.legs[leg].partner].log_time + self.window[i]
                    if due >= before:
                        self.chain_due = min(self.chain_due, due)
                        break
                    if marks_original(self, leg, due):
                        self.legs[leg].awaits = 0
                        table_drop(&self.unjudged, self.legs[leg].till, leg)
                    else:
                        keys.append((self._text(&self.legs[leg], AT_TERMINAL), self._text(&self.legs[leg], AT_NUMBER)))
                ring_drop(&self.chains[i])
        return keys

    def note(self, str terminal, str number):
        """Take note that a key stands among the vouchers that are not packed.

        What does not is known by that at once, without its strings.  Notes of those that are gone are dropped together.
        """
        if self.noted.count > 2 * (len(self.runs) + len(self.accused)) + MANY_NOTES:
            hashes_empty(&self.noted)
            for key in self.runs:
                self._note(key[0], key[1])
            for key in self.accused:
                self._note(key[0], key[1])
        self._note(terminal, number)

    cdef int _note(self, str terminal, str number) except -1:
        cdef Py_ssize_t terminal_size, number_size
        cdef const char* terminal_text = PyUnicode_AsUTF8AndSize(terminal, &terminal_size)
        cdef const char* number_text = PyUnicode_AsUTF8AndSize(number, &number_size)
        hashes_add(&self.noted, note_of(key_hash(terminal_text, terminal_size, number_text, number_size)))
        return 0

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
        cdef Bucket* head = tables_find(&self.tills, <uint32_t>(hash_bytes(text, size, 0) >> 32))
        cdef uint32_t at = head.leg if head != NULL else 0
        cdef const Leg* leg
        keys = []
        while at:
            leg = &self.legs[at]
            if sought_size == 0 or self._may_have(at, hashed):
                if leg.long_[AT_TERMINAL] == size and memcmp(<char*>leg.held + leg.at[AT_TERMINAL], text, size) == 0:
                    keys.append((terminal, self._text(leg, AT_NUMBER)))
            at = leg.after
        return keys

    def keys_pointing_at(self, str terminal, str number, references):
        """Return the keys of a terminal's vouchers, not judged yet, that name a number or, without one, a reference."""
        cdef Py_ssize_t size
        cdef const char* text = PyUnicode_AsUTF8AndSize(terminal, &size)
        cdef Walk walk = walk_of(&self.unjudged, <uint32_t>(hash_bytes(text, size, 0) >> 32))
        cdef uint32_t at = next_of(&walk)
        cdef Named named
        cdef int part
        keys = []
        while at:
            if self._is_of(&self.legs[at], AT_TERMINAL, text, size):
                if names(self, at, &named):
                    part = reference_part(&named)
                    name = PyUnicode_DecodeASCII(named.text[part], named.size[part], NULL)
                    if name == number if part == NAMED_NUMBER else name in references:
                        keys.append((terminal, self._text(&self.legs[at], AT_NUMBER)))
            at = next_of(&walk)
        return keys

    cdef bint _may_have(self, uint32_t first, uint32_t hashed) noexcept:
        """Tell whether a voucher can have an rrn or auth code of a hash; where a host declines, its legs may differ."""
        cdef const Leg* one = &self.legs[first]
        if one.references[0] == hashed or one.references[1] == hashed:
            return True
        if one.state == LONE or one.outcome == APPROVED:
            return False
        one = &self.legs[one.partner]
        return one.references[0] == hashed or one.references[1] == hashed

    cdef int _keep(self, uint32_t first) except -1:
        """Let a forgotten pair stand among the forgotten ones."""
        cdef Leg* one = &self.legs[first]
        cdef const Leg* other = &self.legs[one.partner]
        cdef int place
        one.state = FORGOTTEN
        self._enter(first, &self.cold, &self.cold_tills)
        for place in range(2):
            if one.references[place]:
                tables_add(&self.cold_references, one.references[place], first)
            if other.references[place] and other.references[place] != one.references[place]:
                tables_add(&self.cold_references, other.references[place], first)
        ring_push(&self.cold_line, first)
        self.cold_ever += 1
        if self.shelves:
            ring_push(&self.unwritten_line, ticket(first, one.serial))
        return 0

    cdef void _leave_cold(self, uint32_t first) noexcept:
        """Let a forgotten pair be found no longer; its legs are given back in its turn."""
        cdef Leg* one = &self.legs[first]
        cdef const Leg* other = &self.legs[one.partner]
        cdef int place
        self._leave(first, &self.cold, &self.cold_tills)
        one.state = DETACHED
        for place in range(2):
            if one.references[place]:
                tables_drop(&self.cold_references, one.references[place], first)
            if other.references[place] and other.references[place] != one.references[place]:
                tables_drop(&self.cold_references, other.references[place], first)

    def hand_out(self, str terminal, str number, int64_t log_time, int source, int64_t offset):
        """Let a forgotten pair of a key and place become a fact, if it stands here; tell whether it does.

        More is to be known of it: it must be marked nowhere else, nor be written later than what is put of it.
        """
        cdef Py_ssize_t terminal_size, number_size
        cdef const char* terminal_text = PyUnicode_AsUTF8AndSize(terminal, &terminal_size)
        cdef const char* number_text = PyUnicode_AsUTF8AndSize(number, &number_size)
        cdef uint32_t hashed = key_hash(terminal_text, terminal_size, number_text, number_size)
        cdef Walk walk = walk_of(table_of(&self.cold, hashed), hashed)
        cdef uint32_t first = next_of(&walk)
        cdef const Leg* leg
        while first:
            leg = &self.legs[first]
            if (
                leg.log_time == log_time and leg.source == source and leg.offset == offset
                and self._is_of(leg, AT_TERMINAL, terminal_text, terminal_size)
                and self._is_of(leg, AT_NUMBER, number_text, number_size)
            ):
                self.facts.append(self._fact(first))
                self._leave_cold(first)
                return True
            first = next_of(&walk)
        return False

    def forget(self, int64_t before, size_t most):
        """Give back the forgotten pairs that began before a log time, and the oldest beyond ``most`` (0: any number).

        Returns the log time of the latest that went for being too many, -1 where none did.
        """
        cdef const Leg* one
        cdef int64_t lost = -1
        while self.cold_line.count:
            one = &self.legs[<uint32_t>ring_head(&self.cold_line)]
            if one.log_time >= before:
                if not most or self.cold_line.count <= most:
                    break
                lost = max(lost, one.log_time)
            self._drop_coldest()
        return lost

    cdef void _drop_coldest(self) noexcept:
        cdef uint32_t leg = <uint32_t>ring_head(&self.cold_line)
        ring_drop(&self.cold_line)
        self.gone_until = max(self.gone_until, self.legs[leg].log_time)
        if self.legs[leg].state == FORGOTTEN:
            self._leave_cold(leg)
        self._drop_pair(leg)

    def take_chunks(self, int64_t bucket_ms):
        """Return the chunks of the pairs forgotten since the last call, and how many were ever forgotten.

        They stay here until ``drop_written`` is told of that number.
        """
        cdef Rows rows
        cdef uint64_t head
        cdef uint32_t first
        memset(&rows, 0, sizeof(Rows))
        rows.bucket_ms = bucket_ms
        try:
            while self.unwritten_line.count:
                head = ring_head(&self.unwritten_line)
                if self.legs[<uint32_t>head].serial == head >> 32 and self.legs[<uint32_t>head].state == FORGOTTEN:
                    first = <uint32_t>head
                    add_row(&rows, <const char*>self.legs[first].held + self.legs[first].at[AT_TERMINAL],
                            self.legs[first].long_[AT_TERMINAL], self.legs[first].log_time, first)
                ring_drop(&self.unwritten_line)
            return chunks_of_pairs(self, &rows), self.cold_ever
        finally:
            clear_rows(&rows)

    def drop_written(self, uint64_t ever, size_t most):
        """Give back the oldest of the first ``ever`` pairs that were forgotten, until no more than ``most`` stand here.

        What is in no chunk yet stays.
        """
        ever = min(ever, self.cold_ever - self.unwritten_line.count)
        while self.cold_line.count > most and self.cold_ever - self.cold_line.count < ever:
            self._drop_coldest()

    @property
    def unwritten(self):
        """Return how many forgotten pairs are in no chunk yet."""
        return self.unwritten_line.count

    cdef bint _is_of(self, const Leg* leg, int place, const char* text, size_t size) noexcept:
        return leg.long_[place] == size and memcmp(<char*>leg.held + leg.at[place], text, size) == 0

    def facts_of_number(self, str terminal, str number):
        """Return the forgotten pairs of a number as facts."""
        cdef Py_ssize_t terminal_size, number_size
        cdef const char* terminal_text = PyUnicode_AsUTF8AndSize(terminal, &terminal_size)
        cdef const char* number_text = PyUnicode_AsUTF8AndSize(number, &number_size)
        cdef uint32_t hashed = key_hash(terminal_text, terminal_size, number_text, number_size)
        cdef Walk walk = walk_of(table_of(&self.cold, hashed), hashed)
        cdef uint32_t at = next_of(&walk)
        found = []
        while at:
            if self._is_of(&self.legs[at], AT_TERMINAL, terminal_text, terminal_size) and self._is_of(
                &self.legs[at], AT_NUMBER, number_text, number_size
            ):
                found.append(self._fact(at))
            at = next_of(&walk)
        return found

    def facts_of_reference(self, str terminal, str reference):
        """Return the forgotten pairs of a terminal that have a reference, and perhaps others, as facts."""
        cdef Py_ssize_t size, sought_size
        cdef const char* text = PyUnicode_AsUTF8AndSize(terminal, &size)
        cdef const char* sought = PyUnicode_AsUTF8AndSize(reference, &sought_size)
        cdef uint32_t hashed = <uint32_t>hash_bytes(sought, sought_size, 0) | 1
        cdef Walk walk = walk_of(table_of(&self.cold_references, hashed), hashed)
        cdef uint32_t at = next_of(&walk)
        found = []
        while at:
            if self._is_of(&self.legs[at], AT_TERMINAL, text, size):
                found.append(self._fact(at))
            at = next_of(&walk)
        return found

    def facts_of_terminal(self, str terminal, int64_t since):
        """Return the forgotten pairs of a terminal that began at a log time or later, as facts."""
        cdef Py_ssize_t size
        cdef const char* text = PyUnicode_AsUTF8AndSize(terminal, &size)
        cdef Bucket* head = tables_find(&self.cold_tills, <uint32_t>(hash_bytes(text, size, 0) >> 32))
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
        cdef char[4 * LONGEST_PACKED] text
        cdef size_t size = self._write_fact(first, text)
        return (self._text(one, AT_TERMINAL), self._text(one, AT_NUMBER), one.log_time, one.source, one.offset,
                PyBytes_FromStringAndSize(text, size), self._references(one, &self.legs[one.partner]))

    cdef size_t _write_fact(self, uint32_t first, char* text) except 0:
        """Write a pair as the JSON of a fact and return its size."""
        cdef Leg* one = &self.legs[first]
        cdef Leg* other = &self.legs[one.partner]
        cdef const Leg* terminal = one if one.source == 0 else other
        cdef const Leg* host = other if one.source == 0 else one
        cdef size_t full
        full = <size_t>sprintf(text, b'{"t":[%lld,%lld,', <long long>terminal.log_time, <long long>terminal.offset)
        full += self._write_json(terminal, text + full, True)
        full += <size_t>sprintf(text + full, b'],"h":[%lld,%lld,', <long long>host.log_time, <long long>host.offset)
        full += self._write_json(host, text + full, True)
        text[full] = c"]"
        full += 1
        if self.legs[one.partner].after:
            full += write_mark(self, first, text + full)
        text[full] = c"}"
        return full + 1

    cdef tuple _references(self, const Leg* one, const Leg* other):
        """Return the rrns and authorisation codes of a pair without leading zeros, each once."""
        cdef Text[4] texts
        cdef size_t[4] sizes
        cdef size_t count = references_of(one, other, texts, sizes), at
        return tuple([PyUnicode_DecodeASCII(texts[at], sizes[at], NULL) for at in range(count)])

    def take_facts(self):
        """Return what was forgotten since the last call, as facts for the ledger."""
        facts, self.facts = self.facts, []
        return facts

    def sweep(self, int64_t now):
        """Give back the pairs that nothing can ask for at log time ``now``, a held back cut included; they become facts."""
        cdef uint64_t head
        cdef uint32_t leg
        cdef int64_t floor = now - self.span_ms
        self.swept_at = now
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
                    if self.keeps or self.shelves:
                        self._keep(leg)
                        ring_drop(&self.closed)
                        continue
                    self.facts.append(self._fact(leg))
                self._drop_pair(leg)
            ring_drop(&self.closed)

    def oldest_needed(self, int64_t from_ms):
        """Return the first log time of the oldest voucher that was not swept yet, and so is in no ledger, else ``from_ms``."""
        cdef uint64_t head
        cdef Leg* leg
        self.needed_from = from_ms
        self.sweep(self.swept_at)
        while self.births.count:
            head = ring_head(&self.births)
            leg = &self.legs[<uint32_t>head]
            if leg.serial == head >> 32 and (leg.state == LONE or leg.state == PAIRED):
                return min(from_ms, leg.log_time)
            ring_drop(&self.births)
        return from_ms

    @property
    def sizes(self):
        """Return the size of everything that grows with the traffic, by name."""
        return {
            "keys": tables_count(&self.table),
            "closed": self.closed.count,
            "births": self.births.count,
            "cold": tables_count(&self.cold) + tables_count(&self.cold_references) + self.cold_line.count
            + self.unwritten_line.count,
            "chains": sum(self.chains[i].count for i in range(self.windows)),
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

    @property
    def chains_due(self):
        """Return a time before which no packed pair is to be held against its original."""
        return self.chain_due


cdef inline uint32_t key_hash(const char* terminal, size_t terminal_size, const char* number, size_t number_size) noexcept nogil:
    return <uint32_t>(hash_bytes(number, number_size, hash_bytes(terminal, terminal_size, 0)) >> 32)


include "packed_chunks.pxi"
include "packed_chains.pxi"
