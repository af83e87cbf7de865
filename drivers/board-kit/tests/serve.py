"""The board kit's device behind a ZeroMQ ROUTER socket (LNK-002), for several hosts: `serve.py [ADDRESS]`."""

import sys
import time

import zmq

from bench import Device


def serve(address, seconds=float("inf")):
    """Serves until it is stopped; each peer of the socket gets a link."""
    socket = zmq.Context.instance().socket(zmq.ROUTER)
    socket.linger = 0
    socket.bind(address.removeprefix("zmq+"))
    print(f"listening on {socket.last_endpoint.decode()}", flush=True)
    started = time.monotonic()
    device = Device(boot=time.time_ns() & (1 << 62) - 1, starts=int(time.time()) & 0xFFFF)
    peers = {}
    is_busy = False
    while time.monotonic() - started < seconds:
        # Counted in turns, so that a flood of frames does not keep the chip waiting.
        for _ in range(64):
            if not socket.poll(0 if is_busy else 20):
                break
            is_busy = True
            identity, *parts = socket.recv_multipart()
            device.now = int((time.monotonic() - started) * 1000)
            if identity not in peers:
                peers[identity] = _place(device, peers)
            for frame in device.frame(b"".join(parts), peers[identity]):
                socket.send_multipart([identity, frame])
        device.now = int((time.monotonic() - started) * 1000)
        is_busy = device.step()
        device.tick(0)
        for identity, link in peers.items():
            for frame in device.take(link):
                socket.send_multipart([identity, frame])
    socket.close()


def _place(device, peers):
    """A link for a new peer: a free one, or that of the oldest peer without a session (LIM-002)."""
    free = set(range(device.links)) - set(peers.values())
    if not free:
        idle = [peer for peer, link in peers.items() if not device.has_session(link)] or list(peers)
        free = {peers.pop(idle[0])}
    link = free.pop()
    device.open(link, framed=True)
    return link


if __name__ == "__main__":
    serve(sys.argv[1] if len(sys.argv) > 1 else "tcp://127.0.0.1:7756")
