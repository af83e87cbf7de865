"""The frozen vectors of `protocol/vectors/v1` at the device: what must be refused is, with the status that is due."""

import ctypes
import hashlib
import random
import struct
import unittest

from vp1 import control, network
from vp1.control import pb
from vp1.frames import Type
from vp1.status import Status
from vp1.vectors import files
from vp1.vectors.build import build, bytes_of, number
from vp1.weights import image_crc

from bench import Device, library
from host import Host

VERDICTS = ("valid", "invalid", "acceptable")
ALL_ONES = (1 << 64) - 1

# What a receiver says of a frame as such, before anybody looks at its message.
LINK_STATUSES = {
    Status.BAD_MAGIC,
    Status.BAD_HEADER_CRC,
    Status.BAD_PAYLOAD_CRC,
    Status.TOO_LARGE,
    Status.BAD_FRAGMENT,
    Status.VERSION,
    Status.MALFORMED,
    Status.RESERVED_NONZERO,
    Status.SEQUENCE_GAP,
}
REQUESTS = {"Acquire", "Cancel", "Commit", "Configure", "Execute", "Open", "Hello"}


def vectors(*kinds):
    """(verdict, vector) of all vectors of these kinds."""
    for verdict in VERDICTS:
        yield from ((verdict, vector) for vector in files.load(verdict) if vector["kind"] in kinds)


def due(verdict, vector):
    """The statuses that are allowed; None stands for taken."""
    if verdict == "valid":
        return {None}
    status = Status[vector["status"]]
    return {status} if verdict == "invalid" else {status, None}


def network_of(inputs, neurons, window, projected=True):
    """A configuration with one synapse for each input and neuron."""
    targets = network.configuration().populations[0].targets
    kind = pb.POPULATION_KIND_SPIKING
    return pb.Configure(
        input_count=inputs,
        populations=[pb.Population(kind=kind, size=max(neurons, 1), targets=targets)],
        projections=[pb.Projection(target=0)] if projected else [],
        window=window,
    )


class VectorTests(unittest.TestCase):
    def setUp(self):
        self.device = Device()
        self.checked = 0

    def tearDown(self):
        self.device.close()

    def expect(self, verdict, vector, found):
        self.checked += 1
        with self.subTest(vector["id"], trap=vector["trap"]):
            self.assertIn(found, due(verdict, vector))

    def test_checksums_and_hashes(self):
        for _, vector in vectors("crc32c"):
            data = bytes_of(vector["fields"]["data"])
            crc = library().bench_crc32c(data, len(data))
            self.assertEqual(struct.pack("<I", crc).hex(), vector["bytes"], vector["id"])
        source = random.Random(1)
        for length in (*range(0, 200), 1000, 4096):
            data, digest = source.randbytes(length), ctypes.create_string_buffer(32)
            library().bench_sha256(data, length, source.randint(0, length), digest)
            self.assertEqual(digest.raw, hashlib.sha256(data).digest(), length)

    def test_frames_that_must_be_refused(self):
        for framed in (True, False):
            for verdict, vector in vectors("frame"):
                edits = {edit["op"] for edit in vector.get("edits", ())}
                # A stream does not know where a frame ends, and this device has its own limits.
                if (not framed and edits & {"cut", "append"}) or self.is_within_limits(vector):
                    continue
                self.device.open(0, framed)
                data = bytes_of(vector["bytes"])
                if framed:
                    sent = self.device.frame(data)
                else:
                    self.device.feed(data)
                    sent = []
                sent += self.device.take()
                status = Status(struct.unpack_from("<H", sent[0], 44)[0]) if sent and sent[0][6] == Type.ERROR else None
                # Whether a frame is the next one is no property of its bytes.
                is_of_frame = status in LINK_STATUSES and status != Status.SEQUENCE_GAP
                self.expect(verdict, vector, status if is_of_frame else None)
        self.assertGreater(self.checked, 250)

    @staticmethod
    def is_within_limits(vector):
        """Whether it shows limits that are below those of this device."""
        return vector.get("status") == "TOO_LARGE" and bool(vector.get("context"))

    def test_sequences_and_fragments(self):
        for verdict, vector in vectors("link"):
            for framed in (True, False):
                host = Host(self.device, framed=framed)
                found = None
                frames = vector["fields"]["frames"]
                own = number(frames[0].get("session", 0)) ^ host.session
                for fields in frames:
                    fields = dict(fields)
                    # The same numbers and sessions, counted from where this link is.
                    fields["sequence"] = min(number(fields.get("sequence", 0)) + host.sender.sequence, ALL_ONES)
                    fields["session"] = f"{number(fields.get('session', 0)) ^ own:#x}"
                    frame = build("frame", fields)
                    host.raw(frame)
                for message in host.messages():
                    if message.header.type == Type.ERROR:
                        # The first one counts: what comes after it is on a link that was forgotten.
                        found = found or Status(message.header.status)
                self.expect(verdict, vector, found if found in LINK_STATUSES else None)
        self.assertGreater(self.checked, 60)

    def refusal(self, host, type, payload, token=0):
        """The status of a request, None for OK."""
        answer = host.ask(type, payload, token)
        return answer if isinstance(answer, Status) else None

    def test_stage_and_spike_blocks(self):
        host = Host(self.device)
        host.acquire(60_000)
        channels = host.ask(Type.DESCRIBE).geometry.input_channels
        for verdict, vector in vectors("spikes", "stage"):
            context = vector["context"]
            if context["units"] > channels:
                continue
            configuration = network_of(context["units"], 1, context["window"], projected=False)
            self.assertIsNone(self.refusal(host, Type.CONFIGURE, control.encode(configuration), host.token))
            block = bytes_of(vector["bytes"])
            if vector["kind"] == "spikes":
                block = bytes(8) + block
            self.expect(verdict, vector, self.refusal(host, Type.STAGE, block, host.token))
        self.assertGreater(self.checked, 60)

    def test_weight_blocks(self):
        host = Host(self.device)
        host.acquire(60_000)
        for verdict, vector in vectors("weights"):
            context = vector["context"]
            synapses = context["synapses"]
            configuration = network_of(1, synapses, 1000, projected=synapses > 0)
            configuration.noise_seed = self.checked
            self.assertIsNone(self.refusal(host, Type.CONFIGURE, control.encode(configuration), host.token))
            if "current" in context:
                host.write(context["current"], context["current_epoch"])
            block = bytes_of(vector["bytes"])
            self.expect(verdict, vector, self.refusal(host, Type.WEIGHTS, block, host.token))
            if verdict == "valid":
                image = self.image(vector, context)
                _, _, _, epoch, crc = struct.unpack_from("<5I", block)
                self.assertEqual(crc, image_crc(image))
                reply = host.ask(Type.COMMIT, pb.Commit(epoch=epoch, image_crc=crc), host.token)
                former = context.get("current", [None] * synapses)
                self.assertEqual(reply.changed, sum(old != new for old, new in zip(former, image)), vector["id"])
        self.assertGreater(self.checked, 60)

    @staticmethod
    def image(vector, context):
        """The image that a block gives."""
        fields = vector["fields"]
        if fields["encoding"] == 1:
            return fields["codes"]
        image = list(context["current"])
        for synapse, code in zip(fields["marked"], fields["codes"]):
            image[synapse] = code
        return image

    def test_control_messages(self):
        for verdict, vector in vectors("control"):
            name = vector["fields"]["message"]
            if name not in REQUESTS:
                continue
            payload = bytes_of(vector["bytes"])
            host = Host(self.device)
            if name in ("Hello", "Open"):
                found = self.greet(host, name, payload)
            else:
                host.acquire(60_000)
                found = self.refusal(host, Type[name.upper()], payload, host.token)
            # What is well-formed may still be refused for what it says.
            self.expect(verdict, vector, Status.MALFORMED if found == Status.MALFORMED else None)
            host.ask(Type.CLOSE)
        self.assertGreater(self.checked, 70)

    @staticmethod
    def greet(host, name, payload):
        """The status of a payload of HELLO or OPEN on a fresh link."""
        limits = pb.Limits(frame_payload=4096, message=4096, control_payload=4096, slots=1, results_kept=1)
        versions = pb.Versions(lowest_major=1, highest_major=1)
        host.renew()
        host.session = host.request = 0
        if name == "Open":
            host.ask(Type.HELLO, pb.Hello(versions=versions, limits=limits, nonce=bytes(16)))
            answer = host.ask(Type.OPEN, payload)
            host.session = 0
            return answer if isinstance(answer, Status) else None
        answer = host.ask(Type.HELLO, payload)
        # Limits that nobody can work with are MALFORMED as well: only the reading is meant here.
        if answer == Status.MALFORMED and host.fault.detail.startswith("limits"):
            return None
        return answer if isinstance(answer, Status) else None


if __name__ == "__main__":
    unittest.main()
