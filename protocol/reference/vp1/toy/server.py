"""The toy device behind a ZeroMQ ROUTER socket (LNK-002)."""

import signal
import time

import zmq

from .device import Device

_FAREWELL_SECONDS = 5.0


def serve(listen, serial, ready):
    """Serves until SIGTERM or SIGINT; accepted batches may finish. `ready` is called with the bound address."""
    socket = zmq.Context.instance().socket(zmq.ROUTER)
    socket.linger = 1000
    socket.bind(listen.removeprefix("zmq+"))
    device = Device(serial, _boot())
    started, leaving_since = time.monotonic(), None

    def leave(*_):
        nonlocal leaving_since
        if leaving_since is None:
            leaving_since = time.monotonic()
            device.leave("the toy device was told to stop")

    signal.signal(signal.SIGTERM, leave)
    signal.signal(signal.SIGINT, leave)
    ready(socket.last_endpoint.decode())
    busy = False
    while leaving_since is None or (device.queue and time.monotonic() - leaving_since < _FAREWELL_SECONDS):
        if socket.poll(0 if busy else 50):
            identity, *parts = socket.recv_multipart()
            device.take(identity, parts[0] if len(parts) == 1 else b"", time.monotonic() - started)
        device.advance(time.monotonic() - started)
        busy = device.work()
        _flush(socket, device)
    _flush(socket, device)
    socket.close()


def _boot():
    """The tenth of a second of the start. Nothing is stored, so a start waits for a tenth of its own."""
    now = time.time()
    time.sleep(0.1 - now % 0.1)
    return int(now * 10) + 1


def _flush(socket, device):
    for identity, frame in device.outgoing:
        socket.send_multipart([identity, frame])
    device.outgoing.clear()
