"""Links over pipes for the Python reference client: frames back to back, as `volley-board` speaks them.

The client asks ZeroMQ for a socket; `over_pipes` gives it a process instead, one for each link.
"""

import contextlib
import os
import select
import struct
import subprocess
import time
import types
from unittest import mock

import vp1.session

HEADER = 64


class Stream:
    """Cuts a stream into frames."""

    def __init__(self):
        self.bytes = b""

    def frames(self, more):
        """The frames that `more` completes."""
        self.bytes += more
        while len(self.bytes) >= HEADER:
            (length,) = struct.unpack_from("<I", self.bytes, 8)
            end = HEADER + (length + 4 if length else 0)
            if len(self.bytes) < end:
                return
            frame, self.bytes = self.bytes[:end], self.bytes[end:]
            yield frame


class Board:
    """A running board program, with a ZeroMQ socket's methods as far as the client uses them."""

    linger = 0

    def __init__(self, command, **options):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0, **options)
        self._stream, self._frames = Stream(), []
        os.set_blocking(self.process.stdin.fileno(), False)
        os.set_blocking(self.process.stdout.fileno(), False)

    def connect(self, address):
        """The command has been given already."""

    def send(self, frame, flags=0):
        """Writes all of a frame, reading meanwhile so that neither side waits for the other."""
        left = memoryview(bytes(frame))
        while left:
            readable, writable, _ = select.select([self.process.stdout], [self.process.stdin], [], 5)
            if readable:
                self._read()
            if writable:
                try:
                    left = left[os.write(self.process.stdin.fileno(), left) :]
                except BrokenPipeError:
                    raise vp1.session.LinkLost("the board has ended") from None
            if not readable and not writable:
                raise TimeoutError("the board has taken no byte for 5 s")

    def _read(self):
        data = os.read(self.process.stdout.fileno(), 1 << 20)
        self._frames += self._stream.frames(data)
        return bool(data)

    def poll(self, milliseconds):
        """Whether a frame is there within the time."""
        until = time.monotonic() + milliseconds / 1000
        while not self._frames:
            left = until - time.monotonic()
            if left < 0 or not select.select([self.process.stdout], [], [], left)[0]:
                return False
            if not self._read() and not self._frames:
                raise vp1.session.LinkLost("the board has ended")
        return True

    def recv_multipart(self):
        """The next frame, as the only part of a message."""
        return [self._frames.pop(0)]

    def close(self):
        """Ends the link; returns the exit status."""
        self.process.stdin.close()
        try:
            status = self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            status = "killed after 5 s"
        self.process.stdout.close()
        return status


@contextlib.contextmanager
def over_pipes(command):
    """Every link that a `Session` opens meanwhile is a new process; yields the list of them."""
    boards = []

    def socket(_):
        boards.append(Board(command))
        return boards[-1]

    context = types.SimpleNamespace(socket=socket)
    fake = types.SimpleNamespace(
        Context=types.SimpleNamespace(instance=lambda: context), DEALER=0, DONTWAIT=0, Again=TimeoutError
    )
    with mock.patch.object(vp1.session, "zmq", fake):
        yield boards
