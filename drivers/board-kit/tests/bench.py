"""The device by ctypes: its links, and a clock that the test turns."""

import ctypes
import os
import pathlib

from streams import Stream

FOLDER = pathlib.Path(os.environ.get("VOLLEY_BOARD_BUILD", pathlib.Path(__file__).parents[1] / "build"))


def library(name="bench.so"):
    """The device as a shared library, with the sizes of a desktop or (`bench-small.so`) of a microcontroller."""
    loaded = ctypes.CDLL(str(FOLDER / name))
    pointer, size, number = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_uint64
    link, text, flag = ctypes.c_uint, ctypes.c_char_p, ctypes.c_bool
    for function, result, arguments in (
        ("bench_new", pointer, [number, ctypes.c_uint16]),
        ("bench_free", None, [pointer]),
        ("bench_is_intact", flag, [pointer]),
        ("bench_set", None, [pointer] + [ctypes.c_int] * 5 + [ctypes.c_double]),
        ("bench_open", None, [pointer, link, ctypes.c_int, number]),
        ("bench_close", None, [pointer, link]),
        ("bench_receive", size, [pointer, link, text, size, number]),
        ("bench_receive_end", flag, [pointer, link, number]),
        ("bench_transmit", size, [pointer, link, text, size]),
        ("bench_work", flag, [pointer, number]),
        ("bench_tick", None, [pointer, number]),
        ("bench_leave", None, [pointer]),
        ("bench_is_idle", flag, [pointer]),
        ("bench_has_session", flag, [pointer, link]),
        ("bench_wants_input", flag, [pointer, link]),
        ("bench_size", size, []),
        ("bench_runs", number, [pointer]),
        ("bench_links", ctypes.c_uint, []),
        ("bench_sessions", ctypes.c_uint, []),
        ("bench_crc32c", ctypes.c_uint32, [text, size]),
        ("bench_sha256", None, [text, size, size, ctypes.c_char_p]),
    ):
        getattr(loaded, function).restype = result
        getattr(loaded, function).argtypes = arguments
    return loaded


class Device:
    """A device. `now` is its clock in milliseconds; frames that it sends are collected by link."""

    def __init__(self, boot=1, starts=1, build="bench.so"):
        self.library = library(build)
        self.pointer = self.library.bench_new(boot, starts)
        self.links = self.library.bench_links()
        self.now = 0
        self._streams = [Stream() for _ in range(self.links)]
        self._room = ctypes.create_string_buffer(1 << 17)

    def close(self):
        """Checks the bytes around the device, and frees it."""
        assert self.library.bench_is_intact(self.pointer), "the device has written past its end"
        self.library.bench_free(self.pointer)

    def set(self, dawdles=0, fails=0, refuses=0, floods=0, disorders=0, temperature=-300.0):
        """Tells the chip how to behave; `refuses` 1 is for configurations, 2 for weights."""
        self.library.bench_set(self.pointer, dawdles, fails, refuses, floods, disorders, temperature)

    def open(self, link=0, framed=False):
        """A fresh link."""
        self._streams[link] = Stream()
        self.library.bench_open(self.pointer, link, framed, self.now)

    def shut(self, link=0):
        """The carrier is gone."""
        self.library.bench_close(self.pointer, link)

    def has_session(self, link=0):
        """Whether a session is on the link."""
        return self.library.bench_has_session(self.pointer, link)

    def feed(self, data, link=0):
        """Gives bytes of a stream; returns how many were taken."""
        return self.library.bench_receive(self.pointer, link, bytes(data), len(data), self.now)

    def frame(self, data, link=0):
        """Gives one frame, or transfer, to a link that keeps frames apart; returns the frames sent meanwhile."""
        sent = []
        while not self.library.bench_wants_input(self.pointer, link):
            sent += self.take(link)
        self.library.bench_receive(self.pointer, link, bytes(data), len(data), self.now)
        while not self.library.bench_receive_end(self.pointer, link, self.now):
            sent += self.take(link, once=True)
        return sent

    def take(self, link=0, once=False, room=None):
        """The frames that the device has to send; the next one only with `once`, in pieces of `room` bytes."""
        frames = []
        while count := self.library.bench_transmit(self.pointer, link, self._room, room or len(self._room)):
            frames += self._streams[link].frames(self._room.raw[:count])
            if once and frames:
                break
        return frames

    def work(self, at_most=100_000):
        """Lets the chip run until nothing is left to do."""
        for _ in range(at_most):
            if not self.library.bench_work(self.pointer, self.now):
                return
        raise AssertionError(f"the chip is not through after {at_most} calls")

    def step(self):
        """Lets the chip run once."""
        return self.library.bench_work(self.pointer, self.now)

    def tick(self, milliseconds):
        """Lets time pass."""
        self.now += milliseconds
        self.library.bench_tick(self.pointer, self.now)

    def leave(self):
        """Has the device say goodbye."""
        self.library.bench_leave(self.pointer)

    @property
    def runs(self):
        """Calls of the chip's `run` so far."""
        return self.library.bench_runs(self.pointer)
