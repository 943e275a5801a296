# The lines of a file as the records of a fetch, read where they stand: no object a line.

from cpython.memoryview cimport PyMemoryView_FromMemory
from libc.string cimport memchr, memmove

cdef extern from "Python.h":
    const int PyBUF_WRITE

cdef enum:
    BEYOND = 64  # bytes behind the last line that may be looked at, too


cdef struct Line:
    size_t start
    size_t size  # without the line's end
    int64_t time  # epoch milliseconds
    int64_t number  # from 1, in its file


cdef class Lines:
    """The lines of one file, some hundreds at a time, as the records that a lane is fed with.

    ``begin``; then ``fill`` as long as ``lacks`` says so; then ``unusual`` until it returns ``None``, where each line
    that it returns is given its time by ``keep``, or is left out.  What is kept is a sequence of (offset, time in epoch
    milliseconds, ``None``, bytes) until the next ``begin``.
    """

    cdef char* text
    cdef size_t room, used, looked  # bytes; up to ``looked`` line ends were sought
    cdef Line* found  # lines that are read: first those that were kept, in between those taken, then the others
    cdef size_t found_room, found_count, kept, taken, limit
    cdef bint ended
    cdef public int64_t first_offset
    """The offset of the first line that is kept."""
    cdef readonly int64_t time
    """The time of the line kept last, 0 before the first."""
    cdef readonly int64_t number
    """The number of the line taken last, from 1."""
    cdef readonly bint falls
    """Whether a line has a smaller time than the one before it."""

    def __init__(self, size_t limit):
        """Take how many lines, blank ones included, a fetch has at most."""
        self.limit = limit

    def __dealloc__(self):
        free(self.text)
        free(self.found)

    def begin(self):
        """Forget the lines of the last fetch, and let those that were read beyond it stand first."""
        cdef size_t i, rest, shift = 0
        if self.taken < self.found_count:
            shift = self.found[self.taken].start
        elif self.taken:
            shift = self.looked
        rest = self.found_count - self.taken
        memmove(self.text, self.text + shift, self.used - shift)
        memmove(self.found, self.found + self.taken, rest * sizeof(Line))
        for i in range(rest):
            self.found[i].start -= shift
        self.used -= shift
        self.looked -= shift
        self.found_count, self.kept, self.taken = rest, 0, 0

    @property
    def lacks(self):
        """Tell whether the fetch has room for more lines than were read, and the file may have them."""
        return self.found_count < self.limit and not self.ended

    @property
    def read(self):
        """Return how many lines of the file were read whole."""
        return self.number + <int64_t>(self.found_count - self.taken)

    def fill(self, readinto, size_t size):
        """Read on: ``readinto`` puts up to ``size`` bytes into a buffer and returns how many, 0 at the file's end."""
        cdef char* wider
        if self.used + size + BEYOND > self.room:
            wider = <char*>realloc(self.text, 2 * self.room + size + BEYOND)
            if wider == NULL:
                raise MemoryError
            self.text, self.room = wider, 2 * self.room + size + BEYOND
        cdef size_t got = readinto(PyMemoryView_FromMemory(self.text + self.used, size, PyBUF_WRITE))
        self.used += got
        memset(self.text + self.used, 0, BEYOND)
        self._find_ends()
        if got == 0:
            self.ended = True
            if self.looked < self.used:
                self._found(self.used)

    cdef int _find_ends(self) except -1:
        cdef char* end
        cdef size_t sought = self.looked
        while True:
            end = <char*>memchr(self.text + sought, c"\n", self.used - sought)
            if end == NULL:
                return 0
            sought = end - self.text + 1
            self._found(sought)

    cdef int _found(self, size_t end) except -1:
        """Take the line between the last one and ``end``, its line end included."""
        cdef Line* wider
        cdef Line* line
        if self.found_count == self.found_room:
            wider = <Line*>realloc(self.found, (self.found_room * 2 + 1024) * sizeof(Line))
            if wider == NULL:
                raise MemoryError
            self.found, self.found_room = wider, self.found_room * 2 + 1024
        line = &self.found[self.found_count]
        self.found_count += 1
        line.start = self.looked
        self.looked = end
        while end > line.start and (self.text[end - 1] == c"\n" or self.text[end - 1] == c"\r"):
            end -= 1
        line.size = end - line.start
        return 0

    def unusual(self, bint usual):
        """Take lines up to the first that does not plainly begin with its time, and return it; ``None`` at the end.

        With ``usual`` those before it are kept; without it all are returned.
        """
        cdef Line* line
        cdef const char* digits
        cdef int64_t time
        cdef size_t last = min(self.limit, self.found_count), i
        while self.taken < last:
            line = &self.found[self.taken]
            self.taken += 1
            self.number += 1
            digits = self.text + line.start + TIME_START
            if (
                usual
                and line.size > TIME_START + TIME_DIGITS
                and vw_equal(self.text + line.start, RECEIVED, TIME_START)
                and digits[TIME_DIGITS] == c","
                and vw_digits(digits, TIME_DIGITS)
            ):
                time = 0
                for i in range(TIME_DIGITS):
                    time = time * 10 + digits[i] - c"0"
                self._keep(line[0], time)
                continue
            return PyBytes_FromStringAndSize(self.text + line.start, line.size)
        return None

    def keep(self, int64_t time):
        """Give the line that was returned last its time."""
        self._keep(self.found[self.taken - 1], time)

    cdef void _keep(self, Line line, int64_t time) noexcept:
        self.falls = self.falls or time < self.time
        self.time = line.time = time
        line.number = self.number
        self.found[self.kept] = line
        self.kept += 1

    def number_of(self, int64_t offset):
        """Return the number, from 1, of the line with an offset."""
        return self.found[offset - self.first_offset].number

    def __len__(self):
        return self.kept

    def __getitem__(self, Py_ssize_t place):
        if place < 0:
            place += self.kept
        if not 0 <= place < <Py_ssize_t>self.kept:
            raise IndexError(place)
        return self._record(place)

    cdef tuple _record(self, size_t place):
        cdef Line* line = &self.found[place]
        value = PyBytes_FromStringAndSize(self.text + line.start, line.size)
        return self.first_offset + <int64_t>place, line.time, None, value
