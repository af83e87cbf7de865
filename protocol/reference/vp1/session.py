"""A host's link and session, without batches: HELLO, OPEN, requests and their responses, heartbeats, credit."""

import os
import time

import zmq

from . import control
from .control import pb
from .frames import Flag, Type
from .limits import Limits
from .link import Receiver, Sender
from .status import Status, WireError, retry_of, status_name

ANSWER_WITHIN = 2.0
PING_AFTER = 1.0
DEAD_AFTER = 3.0
TOKEN_SAFE_SHARE = 0.8
RENEW_AFTER_SHARE = 1 / 3


class LinkLost(Exception):
    """The link is gone; a fresh one may resume the session."""


class Refused(Exception):
    """A response whose status is not OK."""

    def __init__(self, status, fault, type):
        remedy = f"; {fault.remedy}" if fault.remedy else ""
        super().__init__(f"{Type(type).name}: {status_name(status)}: {fault.detail}{remedy}")
        self.status = status
        self.fault = fault
        self.retry = retry_of(status)


class Session:
    """One session with a device at a ZeroMQ address such as `tcp://127.0.0.1:7755`.

    Every wait ends: LinkLost after 3 s of silence. `boot`, `serial`, `limits` and `resumed` are those of the last link.
    """

    def __init__(self, address, run=None, label="python", credit=8 * 1024 * 1024, limits=Limits()):
        self.address = address.removeprefix("zmq+")
        self.run = run or os.urandom(16)
        self.label = label
        self.credit = credit
        self.own_limits = limits
        self.limits = limits
        self.id = 0
        self.resume_token = b""
        self.boot = None
        self.serial = None
        self.held = {}
        self.going_away = False
        self.token = 0
        self.lease_ttl = 0.0
        self.lease_confirmed = 0.0
        self._lease_requests = {}
        self._request = 0
        self._socket = None
        self._responses = {}

    # Links

    def open(self):
        """Opens a fresh link and the session on it, the former one if it is still there. Raises LinkLost, Refused."""
        self._drop_link()
        try:
            self._open_link()
        except BaseException:
            self._drop_link()
            raise
        return self

    def _open_link(self):
        self._socket = zmq.Context.instance().socket(zmq.DEALER)
        self._socket.linger = 0
        self._socket.connect(self.address)
        self._sender, self._receiver = Sender(), Receiver(self.own_limits)
        self._responses, self._received_bytes, self._granted = {}, 0, self.credit
        self.going_away = False
        self._last_sent = self._last_heard = time.monotonic()
        hello = self._hello()
        self.limits = self.own_limits.common(_limits_of(hello.limits))
        self._sender.limits = self._receiver.limits = self.limits
        if self.boot != hello.boot:
            self.id, self.token = 0, 0
        if self.id == 0:
            self.resume_token = b""
        self.boot, self.serial = hello.boot, hello.serial
        request = self.send(
            Type.OPEN,
            pb.Open(
                run=self.run,
                label=self.label,
                resume_session=self.id,
                resume_token=self.resume_token,
                credit_bytes=self.credit,
            ),
            session=0,
        )
        reply = self.answer(request, ANSWER_WITHIN)
        if not reply.resumed:
            self.token = 0
        self.resumed = reply.resumed
        self.id, self.resume_token = reply.session, reply.resume_token
        self.held = {held.batch: held for held in reply.held}

    def _hello(self):
        nonce = os.urandom(16)
        request = self.send(
            Type.HELLO,
            pb.Hello(
                versions=pb.Versions(lowest_major=1, highest_major=1),
                features=[f"grease.{nonce[0]}"],
                limits=pb.Limits(**{name: getattr(self.own_limits, name) for name in Limits.__dataclass_fields__}),
                nonce=nonce,
                software="volley-reference",
                software_version="1",
            ),
            session=0,
        )
        try:
            reply = self.answer(request, ANSWER_WITHIN)
        except Refused as refusal:
            if refusal.status == Status.VERSION:
                theirs = refusal.fault.versions
                raise Refused(
                    refusal.status,
                    pb.Fault(
                        detail=f"this host speaks major 1, the device {theirs.lowest_major} to {theirs.highest_major}",
                        versions=theirs,
                    ),
                    Type.HELLO,
                ) from refusal
            raise
        if reply.nonce != nonce:
            raise LinkLost("the device answered HELLO without the nonce")
        if reply.major != 1:
            raise LinkLost(f"the device chose major version {reply.major}")
        return reply

    def close(self):
        """Ends the session and the link."""
        if self._socket is not None and self.id:
            try:
                self.answer(self.send(Type.CLOSE), ANSWER_WITHIN)
            except (LinkLost, Refused):
                pass
        self.id = self.token = 0
        self._drop_link()

    def _drop_link(self):
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def __enter__(self):
        return self.open()

    def __exit__(self, *_):
        self.close()

    # Requests

    def send(self, type, payload=b"", *, token=0, session=None, notice=False):
        """Sends a request, or a notice, and returns its number; does not wait. The payload is a message or bytes."""
        if self._socket is None:
            raise LinkLost("there is no link")
        if not isinstance(payload, bytes):
            payload = control.encode(payload)
        if not notice:
            self._request += 1
        number = 0 if notice else self._request
        self._last_sent = time.monotonic()
        if token:
            self._lease_requests[number] = self._last_sent
        frames = self._sender.frames(
            type, payload, session=self.id if session is None else session, request=number, token=token
        )
        for frame in frames:
            try:
                self._socket.send(frame, zmq.DONTWAIT)
            except zmq.Again:
                raise LinkLost("the carrier takes no more frames") from None
        return number

    def responses(self, request, patience=None):
        """Yields the responses to a request, the final one last, as they come. Raises Refused, LinkLost.

        `patience` bounds the wait for each response in seconds; without it only the silence of the link does.
        """
        while True:
            deadline = None if patience is None else time.monotonic() + patience
            while not self._responses.get(request):
                self._pump(deadline)
            message = self._responses[request].pop(0)
            header = message.header
            if header.flags & Flag.FINAL:
                del self._responses[request]
                sent = self._lease_requests.pop(request, None)
                if header.status:
                    raise Refused(header.status, control.parse(pb.Fault, message.payload), header.type)
                if sent is not None:
                    self.lease_confirmed = max(self.lease_confirmed, sent)
            yield message
            if header.flags & Flag.FINAL:
                return

    def answer(self, request, patience=None):
        """The parsed final response to a request; None where its payload is empty."""
        *_, last = self.responses(request, patience)
        kind = control.RESPONSES.get(last.header.type)
        return control.parse(kind, last.payload) if kind else None

    def ask(self, type, payload=b"", token=0):
        """Sends a request and waits for its answer."""
        return self.answer(self.send(type, payload, token=token), None)

    def _pump(self, deadline=None):
        """Waits for one frame, keeping the link and the lease alive meanwhile."""
        now = time.monotonic()
        if deadline is not None and now > deadline:
            raise LinkLost("the device does not answer")
        if now - self._last_heard > DEAD_AFTER:
            raise LinkLost(f"the device has been silent for {DEAD_AFTER:g} s")
        if self.id and now - self._last_sent > PING_AFTER:
            self.send(Type.PING)
        if self.token and not self._lease_requests and now - self.lease_confirmed > self.lease_ttl * RENEW_AFTER_SHARE:
            self.send(Type.RENEW, token=self.token)
        if not self._socket.poll(100):
            return
        parts = self._socket.recv_multipart()
        if len(parts) != 1:
            raise LinkLost(f"a message of {len(parts)} parts")
        try:
            message = self._receiver.take(parts[0])
        except WireError as error:
            raise LinkLost(str(error)) from error
        self._last_heard = time.monotonic()
        if message is not None:
            self._sort(message)

    def _sort(self, message):
        header = message.header
        if header.type == Type.ERROR:
            fault = control.parse(pb.Fault, message.payload)
            raise LinkLost(f"ERROR {status_name(header.status)}: {fault.detail}")
        if header.type == Type.GOAWAY:
            self.going_away = True
        elif header.flags & Flag.RESPONSE:
            if header.type == Type.RESULT:
                self._count_credit(len(message.payload))
            self._responses.setdefault(header.request, []).append(message)

    def _count_credit(self, size):
        self._received_bytes += size
        if self._granted - self._received_bytes < self.credit // 2:
            self._granted = self._received_bytes + self.credit
            self.send(Type.CREDIT, pb.Credit(total_bytes=self._granted), notice=True)

    # Lease

    def acquire(self, ttl=10.0):
        """Gets the lease for `ttl` seconds at a time; returns the `LeaseGrant`. Raises Refused (LEASE_HELD)."""
        sent = time.monotonic()
        grant = self.ask(Type.ACQUIRE, pb.Acquire(ttl_ms=round(ttl * 1000)))
        self.token, self.lease_ttl, self.lease_confirmed = grant.token, grant.ttl_ms / 1000, sent
        return grant

    @property
    def has_lease(self):
        """Whether the lease can be counted on by this side's clock (LSE-007)."""
        return bool(self.token) and time.monotonic() - self.lease_confirmed < self.lease_ttl * TOKEN_SAFE_SHARE

    def release(self):
        """Gives the lease back."""
        self.token = 0
        self.ask(Type.RELEASE)

    # Questions that need no lease (DSC-001)

    def describe(self):
        """The `Description` of the chip."""
        return self.ask(Type.DESCRIBE)

    def query(self):
        """The `LeaseState`."""
        return self.ask(Type.QUERY)

    def list(self):
        """What the device holds of this run, as a `ListReply`."""
        return self.ask(Type.LIST)

    def health(self):
        """The device's `Health`; what it measures besides is in `conditions`."""
        return self.ask(Type.GET)

    def conditions(self):
        """The device's `Conditions`: the same payload, read a second time (HLT-001)."""
        *_, last = self.responses(self.send(Type.GET))
        return control.parse(pb.Conditions, last.payload)

    def ping(self):
        """Waits for an answer."""
        self.ask(Type.PING)


def _limits_of(message):
    return Limits(**{name: getattr(message, name) for name in Limits.__dataclass_fields__})
