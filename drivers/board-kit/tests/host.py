"""A host's link to a `Device`, driven by hand, frame by frame."""

from vp1 import control
from vp1.control import pb
from vp1.frames import Flag, Type
from vp1.hashes import configuration_hash, content_hash
from vp1.limits import Limits
from vp1.link import Receiver, Sender
from vp1.spikes import SpikeBlock, StageBlock
from vp1.status import Status
from vp1.weights import WeightBlock, image_crc

MIB = 1 << 20


class Host:
    """Says HELLO and OPEN on a fresh link. `piece` is the number of bytes that the link carries at a time."""

    def __init__(
        self, device, link=0, run=b"r" * 16, resume=None, credit=MIB, frame=MIB, results=4, framed=False, piece=None
    ):
        self.device, self.link, self.framed, self.piece = device, link, framed, piece
        self.run, self.request, self.token, self.session = run, 0, 0, 0
        self.collected, self.unread = [], []
        self.renew()
        versions = pb.Versions(lowest_major=1, highest_major=1)
        wanted = pb.Limits(frame_payload=frame, message=16 * MIB, control_payload=65536, slots=2, results_kept=results)
        hello = pb.Hello(versions=versions, limits=wanted, nonce=b"n" * 16, features=["grease.1"])
        self.greeting = self.ask(Type.HELLO, hello)
        theirs = self.greeting.limits
        self.limits = Limits(frame, 16 * MIB, 65536, 2, results).common(
            Limits(theirs.frame_payload, theirs.message, theirs.control_payload, theirs.slots, theirs.results_kept)
        )
        self.sender.limits = self.receiver.limits = self.limits
        wanted = pb.Open(run=run, label=f"host {link}", credit_bytes=credit)
        if resume:
            wanted.resume_session, wanted.resume_token = resume.session, resume.resume_token
            self.request, self.token = resume.request, resume.token
        self.opened = self.ask(Type.OPEN, wanted)
        if isinstance(self.opened, pb.OpenReply):
            self.session, self.resume_token = self.opened.session, self.opened.resume_token

    def renew(self):
        """A fresh link that has said nothing yet."""
        self.device.open(self.link, self.framed)
        self.sender, self.receiver = Sender(), Receiver()

    def raw(self, frame):
        """Sends the bytes of a frame; answers that come meanwhile are collected."""
        if self.framed:
            self.collected += self.device.frame(frame, self.link)
            return
        piece = self.piece or len(frame)
        for start in range(0, len(frame), piece):
            part = frame[start : start + piece]
            while part:
                taken = self.device.feed(part, self.link)
                part = part[taken:]
                if part:
                    self.collected += self.device.take(self.link, once=True, room=self.piece)

    def send(self, type, payload=b"", token=0, number=None):
        """Sends a message; returns the request's number. Notices have number 0."""
        payload = payload if isinstance(payload, bytes) else control.encode(payload)
        if number is None:
            self.request += 1
            number = self.request
        for frame in self.sender.frames(type, payload, session=self.session, request=number, token=token):
            self.raw(frame)
        return number

    def messages(self):
        """What the device has sent since the last call, as messages."""
        frames = self.collected + self.device.take(self.link, room=self.piece)
        messages = self.unread + [message for message in map(self.receiver.take, frames) if message]
        self.collected, self.unread = [], []
        return messages

    def outcome(self):
        """(type, status, flags) of all that has come."""
        return [(Type(m.header.type).name, Status(m.header.status).name, m.header.flags) for m in self.messages()]

    def ask(self, type, payload=b"", token=0):
        """The parsed answer, or the status if it is not OK. Other messages are left for `messages`."""
        number = self.send(type, payload, token)
        answers = self.messages()
        final = [message for message in answers if message.header.request == number]
        if [message for message in answers if message.header.type == Type.ERROR]:
            return Status(answers[-1].header.status)
        self.unread = [message for message in answers if message.header.request != number]
        assert len(final) == 1 and final[0].header.flags & Flag.FINAL, answers
        if final[0].header.status:
            self.fault = control.parse(pb.Fault, final[0].payload)
            return Status(final[0].header.status)
        kind = control.RESPONSES.get(final[0].header.type)
        return control.parse(kind, final[0].payload) if kind else None

    def acquire(self, ttl=10_000):
        """Asks for the lease, and keeps the token."""
        grant = self.ask(Type.ACQUIRE, pb.Acquire(ttl_ms=ttl))
        if isinstance(grant, pb.LeaseGrant):
            self.token = grant.token
        return grant

    def write(self, codes, epoch=1, former=None, base=0):
        """Writes weights, as changes if there is a former image; returns the status of WEIGHTS, or what COMMIT said."""
        block = WeightBlock.delta(former, base, codes, epoch) if former else WeightBlock.full(codes, epoch)
        status = self.ask(Type.WEIGHTS, block.encoded(), self.token)
        return status or self.ask(Type.COMMIT, pb.Commit(epoch=epoch, image_crc=block.crc), self.token)

    def prepare(self, batch, epoch=1, slot=0):
        """Configures, writes the weights; returns the `Execute` of the batch."""
        self.ask(Type.CONFIGURE, batch.configuration, self.token)
        self.write(batch.weights, epoch)
        return self.execute(batch, epoch, slot)

    def execute(self, batch, epoch=1, slot=0):
        """The `Execute` of a batch."""
        digest = configuration_hash(control.encode(batch.configuration))
        crc = image_crc(batch.weights)
        return pb.Execute(
            batch=batch.number,
            attempt=1,
            slot=slot,
            configuration_hash=digest,
            epoch=epoch,
            image_crc=crc,
            observables=batch.observables,
            chunk_entries=batch.chunk_entries or 100,
            content_hash=content_hash(digest, crc, batch.observables, batch.inputs.encoded()),
        )

    def stage(self, batch, slot=0):
        """Stages the batch's inputs; returns None or the status."""
        return self.ask(Type.STAGE, StageBlock(slot, batch.inputs).encoded(), self.token)

    def submit(self, batch, execute):
        """Stages and executes; returns the request's number."""
        assert self.stage(batch, execute.slot) is None
        return self.send(Type.EXECUTE, execute, self.token)


def inputs_of(batch, *entries):
    """A spike block of inputs for a batch, from (tick, unit) of each entry."""
    configuration = batch.configuration
    return SpikeBlock(configuration.input_count, configuration.window, tuple(tuple(entry) for entry in entries))
