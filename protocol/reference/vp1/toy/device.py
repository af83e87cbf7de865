"""The device's side of links, sessions and lease, without input and output: time is an argument."""

import random

from .. import control
from ..control import pb
from ..frames import FROM_DEVICE, NEEDS_LEASE, NOTICES, Flag, Type
from ..limits import Limits
from ..status import Status, WireError
from . import chip
from .links import Lease, Link, Session
from .requests import Requests

MAJOR, MINOR = 1, 0
GREETING_WITHIN = 10.0
SILENT_AFTER = 3.0
SESSION_KEPT = 60.0
LONGEST_LEASE = 60.0
SMALLEST_FRAME = 2048
LONGEST_LABEL = 200
MOST_SESSIONS = 8
MOST_GREETING = 16


class Device(Requests):
    """A toy device. `take` a frame, `advance` the time, `work` on a batch; frames to send gather in `outgoing`.

    `boot` has to grow from start to start: fencing tokens count on from 256 times it (LSE-003).
    """

    def __init__(self, serial=1, boot=1, limits=Limits(), seed=None):
        super().__init__(serial, limits)
        self.boot = boot
        self.outgoing = []
        self.links = {}
        self.sessions = {}
        self.lease = Lease(token=(boot << 8) & 0xFFFFFFFF)
        self.random = random.Random(seed) if seed is not None else random.SystemRandom()
        self.is_leaving = False

    # Frames

    def take(self, identity, data, now):
        """Acts on a frame of a peer."""
        self.now = now
        self.counters["frames_received"] += 1
        link = self.links.get(identity)
        if link is None:
            link = self._new_link(identity)
        link.heard = now
        try:
            message = link.receiver.take(data)
        except WireError as error:
            self.counters["link_errors"] += 1
            if error.status in (Status.BAD_HEADER_CRC, Status.BAD_PAYLOAD_CRC):
                self.counters["checksum_errors"] += 1
            if error.status == Status.SEQUENCE_GAP and not link.greeted and data[6] != Type.HELLO:
                # A link that was forgotten goes on counting; what it lacks is a HELLO (HEL-006).
                return self._fail(link, Status.NO_SESSION, "this link has not said HELLO")
            return self._fail(link, error.status, error.detail, error.offset or 0)
        if link.session is not None:
            link.session.heard = now
        if message is not None:
            self._act(link, message)
        self._deliver(link)

    def advance(self, now):
        """Lets time-outs pass."""
        self.now = now
        for link in list(self.links.values()):
            if link.session is None and now - link.heard > GREETING_WITHIN:
                del self.links[link.identity]
            elif link.session is not None and now - link.heard > SILENT_AFTER:
                link.deliveries.clear()
        for session in list(self.sessions.values()):
            if now - session.heard > SESSION_KEPT:
                self._end(session)
        if self.lease.session is not None and now >= self.lease.until:
            self.lease.free()

    def leave(self, reason):
        """Tells all hosts that the device is about to leave (BYE-001)."""
        self.is_leaving = True
        for link in self.links.values():
            if link.session is not None:
                self._send(link, Type.GOAWAY, pb.GoAway(reason=reason))

    def _new_link(self, identity):
        greeting = [link for link in self.links.values() if link.session is None]
        if len(greeting) >= MOST_GREETING:
            oldest = min(greeting, key=lambda link: link.heard)
            del self.links[oldest.identity]
        # Until limits are agreed on, a peer gets no more than a control message's memory (LIM-002).
        link = self.links[identity] = Link(identity, self.now)
        link.receiver.limits = Limits(frame_payload=self.limits.control_payload, message=self.limits.control_payload)
        return link

    def _send(self, link, type, payload=b"", *, flags=Flag.NONE, request=0, status=Status.OK):
        if not isinstance(payload, bytes):
            payload = control.encode(payload)
        session = link.session.id if link.session else 0
        frames = link.sender.frames(type, payload, flags=flags, session=session, request=request, status=status)
        self.outgoing += [(link.identity, frame) for frame in frames]
        self.counters["frames_sent"] += len(frames)

    def _fail(self, link, status, detail, offset=0):
        """ERROR, and the link is forgotten (FRM-006); a session on it is detached."""
        self._send(link, Type.ERROR, pb.Fault(detail=detail, byte_offset=offset), status=status)
        self._detach(link)
        self.links.pop(link.identity, None)

    def _detach(self, link):
        session, link.session = link.session, None
        if session is not None and session.link is link:
            session.link = None

    # Messages

    def _act(self, link, message):
        header = message.header
        if header.type == Type.ERROR:
            return
        if not link.greeted and header.type != Type.HELLO:
            return self._fail(link, Status.NO_SESSION, "this link has not said HELLO")
        if link.greeted and link.session is None and header.type != Type.OPEN:
            return self._fail(link, Status.STATE, "OPEN comes after HELLO")
        expected = link.session.id if link.session else 0
        if header.session != expected:
            return self._fail(link, Status.NO_SESSION, f"session {header.session} is not on this link")
        if header.type in NOTICES:
            return self._notice(link, message)
        owner = link.session or link
        try:
            if header.request <= owner.last_request:
                raise WireError(Status.INVALID, f"request {header.request} does not follow {owner.last_request}")
            owner.last_request = header.request
            self._request(link, message)
        except WireError as error:
            self.refuse(link, header.type, header.request, error.status, error.detail, error.offset or 0)

    def _notice(self, link, message):
        """CREDIT and ACK; one that cannot be parsed is passed over, since nothing can answer it."""
        try:
            if message.header.type == Type.CREDIT:
                link.granted = max(link.granted, control.parse(pb.Credit, message.payload).total_bytes)
            elif message.header.type == Type.ACK:
                self.free_results(link.session, control.parse(pb.Ack, message.payload).through_request)
        except WireError:
            self.counters["link_errors"] += 1

    def _request(self, link, message):
        try:
            type = Type(message.header.type)
        except ValueError:
            raise WireError(Status.UNKNOWN_TYPE, f"type {message.header.type:#04x} is not known") from None
        if type in FROM_DEVICE:
            raise WireError(Status.STATE, f"a host does not send {type.name}")
        if link.session is not None and type in (Type.HELLO, Type.OPEN):
            raise WireError(Status.STATE, "the session is open already")
        if type in NEEDS_LEASE:
            self._check_token(link.session, message.header.token)
        getattr(self, "on_" + type.name.lower())(link, message)

    def answer(self, link, message, payload=b"", type=None, flags=Flag.RESPONSE | Flag.FINAL):
        """Answers a request; final unless said otherwise."""
        self._send(link, type or message.header.type, payload, flags=flags, request=message.header.request)

    def refuse(self, link, type, request, status, detail, offset=0, **fault):
        """A final response that is not OK (REQ-003)."""
        fault = pb.Fault(detail=detail, byte_offset=offset, **fault)
        self._send(link, type, fault, flags=Flag.RESPONSE | Flag.FINAL, request=request, status=status)

    # Sessions

    def on_hello(self, link, message):
        """HEL-001 to HEL-003, HEL-005."""
        hello = control.parse(pb.Hello, message.payload)
        if not hello.versions.lowest_major <= MAJOR <= hello.versions.highest_major:
            own = pb.Versions(lowest_major=MAJOR, highest_major=MAJOR, highest_minor=MINOR)
            self.refuse(
                link,
                Type.HELLO,
                message.header.request,
                Status.VERSION,
                f"this device speaks major version {MAJOR}",
                versions=own,
            )
            del self.links[link.identity]
            return
        if hello.required_features:
            raise WireError(Status.CRITICAL_UNKNOWN, f"feature {hello.required_features[0]!r} is not known")
        if len(hello.nonce) != 16:
            raise WireError(Status.INVALID, f"a nonce of {len(hello.nonce)} bytes, 16 are due")
        asked = hello.limits
        least = min(asked.frame_payload, asked.message, asked.control_payload)
        if least < SMALLEST_FRAME or not asked.slots or not asked.results_kept:
            raise WireError(Status.MALFORMED, f"limits below {SMALLEST_FRAME} bytes, one slot or one result")
        theirs = Limits(asked.frame_payload, asked.message, asked.control_payload, asked.slots, asked.results_kept)
        link.limits = self.limits.common(theirs)
        link.greeted = True
        own = pb.Limits(**{name: getattr(self.limits, name) for name in Limits.__dataclass_fields__})
        self.answer(
            link,
            message,
            pb.HelloReply(
                major=MAJOR,
                minor=MINOR,
                limits=own,
                nonce=hello.nonce,
                boot=self.boot,
                serial=self.serial,
                firmware="reference 1",
                uptime_ms=self.uptime_ms(),
                sessions_free=MOST_SESSIONS - len(self.sessions),
            ),
        )
        link.sender.limits = link.receiver.limits = link.limits

    def on_open(self, link, message):
        """OPN-001 to OPN-003."""
        wanted = control.parse(pb.Open, message.payload)
        if len(wanted.run) != 16:
            raise WireError(Status.INVALID, f"a run of {len(wanted.run)} bytes, 16 are due")
        session = self.sessions.get(wanted.resume_session)
        resumed = session is not None and (session.token, session.run) == (wanted.resume_token, wanted.run)
        if resumed:
            if session.link is not None:
                self.links.pop(session.link.identity, None)
        else:
            self._make_room()
            session = Session(
                self.random.getrandbits(64) or 1,
                self.random.getrandbits(128).to_bytes(16, "little"),
                wanted.run,
                wanted.label.encode()[:LONGEST_LABEL].decode(errors="ignore"),
                self.now,
            )
            self.sessions[session.id] = session
        session.link, session.heard, session.slots = link, self.now, {}
        session.last_request = max(session.last_request, message.header.request)
        link.granted = wanted.credit_bytes
        link.session = session
        self.answer(
            link,
            message,
            pb.OpenReply(
                session=session.id,
                resume_token=session.token,
                resume_ms=round(SESSION_KEPT * 1000),
                resumed=resumed,
                held=self.held(session),
            ),
        )

    def _make_room(self):
        """The session that has been quiet for longest yields, if it is detached and has no lease."""
        if len(self.sessions) < MOST_SESSIONS:
            return
        idle = [
            session
            for session in self.sessions.values()
            if self.is_detached(session) and session is not self.lease.session
        ]
        if not idle:
            raise WireError(Status.BUSY, f"all {MOST_SESSIONS} sessions are taken")
        self._end(min(idle, key=lambda session: session.heard))

    def is_detached(self, session):
        """Whether no living link carries the session."""
        return session.is_over or session.link is None or self.now - session.link.heard > SILENT_AFTER

    def on_close(self, link, message):
        """OPN-004."""
        self.answer(link, message)
        self._end(link.session)

    def _end(self, session):
        session.is_over = True
        self.sessions.pop(session.id, None)
        if session.link is not None:
            self.links.pop(session.link.identity, None)
        if self.lease.session is session:
            self.lease.free()
        self.forget_jobs(session)

    # Lease

    def _check_token(self, session, token):
        """LSE-001, LSE-002; a good token prolongs the lease."""
        if token == self.lease.token and self.lease.session is session and self.now < self.lease.until:
            self.lease.until = self.now + self.lease.ttl
            return
        if token and (token != self.lease.token or self.lease.session is not None):
            self.counters["requests_fenced"] += 1
            raise WireError(Status.FENCED, "the lease has passed on")
        raise WireError(Status.LEASE_EXPIRED, "this needs the lease")

    def on_acquire(self, link, message):
        """LSE-003 to LSE-005."""
        ttl = control.parse(pb.Acquire, message.payload).ttl_ms / 1000
        session, holder = link.session, self.lease.session
        if holder is not None and self.now >= self.lease.until:
            holder = self.lease.session = None
        if holder is not None and holder is not session:
            if holder.run != session.run or not self.is_detached(holder):
                self.refuse(
                    link,
                    Type.ACQUIRE,
                    message.header.request,
                    Status.LEASE_HELD,
                    f"the lease is held by {holder.label!r}",
                    holder=self.holder(),
                )
                return
        if holder is not session:
            self.fence_jobs(session)
            self.lease = Lease(self.lease.token + 1, session, self.now)
        self.lease.ttl = min(max(ttl, 0.1), LONGEST_LEASE)
        self.lease.until = self.now + self.lease.ttl
        self.answer(
            link,
            message,
            pb.LeaseGrant(token=self.lease.token, ttl_ms=round(self.lease.ttl * 1000), chip=self.chip_state()),
        )

    def on_renew(self, link, message):
        """The token was checked and the lease prolonged before."""
        self.answer(link, message)

    def on_release(self, link, message):
        """Frees the lease if the session has it."""
        if self.lease.session is link.session:
            self.lease.free()
        self.answer(link, message)

    def on_query(self, link, message):
        """DSC-001."""
        held = self.lease.session is not None
        state = pb.LeaseState(held=held, yours=self.lease.session is link.session)
        if held:
            state.holder.CopyFrom(self.holder())
        self.answer(link, message, state)

    def holder(self):
        """Who has the lease."""
        lease = self.lease
        return pb.Holder(
            label=lease.session.label,
            held_ms=round((self.now - lease.since) * 1000),
            left_ms=max(0, round((lease.until - self.now) * 1000)),
        )

    def on_ping(self, link, message):
        """A sign of life."""
        self.answer(link, message)

    def on_describe(self, link, message):
        """DSC-001."""
        self.answer(link, message, chip.description(self.serial))
