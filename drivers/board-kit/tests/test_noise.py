"""Bytes that nobody meant: whatever comes, the device stays whole, answers what is sane, and writes nowhere else."""

import os
import random
import unittest

from vp1 import network
from vp1.control import pb
from vp1.frames import Flag, Frame, Header, Type, decode_header
from vp1.status import Status
from vp1.vectors import files

from bench import Device
from host import Host

SEED = int(os.environ.get("VOLLEY_SEED", "7"))
TRIALS = int(os.environ.get("VOLLEY_TRIALS", "3000"))


def bytes_of_vectors(longest=1 << 20):
    """Frames and payloads, right and wrong."""
    data = [
        bytes.fromhex(vector["bytes"])
        for verdict in ("valid", "invalid")
        for vector in files.load(verdict)
        if vector["kind"] in ("frame", "control", "stage", "weights")
    ]
    return [item for item in data if len(item) <= longest]


class NoiseTests(unittest.TestCase):
    build = "bench.so"

    def setUp(self):
        self.device = Device(build=self.build)
        self.random = random.Random(SEED)

    def tearDown(self):
        self.device.close()

    def assert_sane(self, framed=False):
        """A host that comes after all that gets its batch."""
        self.device.tick(70_000)
        host = Host(self.device, framed=framed)
        host.acquire()
        batch = network.batch(1, 2)
        host.submit(batch, host.prepare(batch))
        self.device.work()
        self.assertEqual(host.outcome()[-1], ("DONE", "OK", 3))

    def damaged(self, data, most=2):
        data = bytearray(data)
        for _ in range(self.random.randint(0, most)):
            if data:
                data[self.random.randrange(len(data))] = self.random.randrange(256)
        return bytes(data)

    def test_random_bytes(self):
        for trial in range(TRIALS // 10):
            with self.subTest(seed=SEED, trial=trial):
                framed = bool(trial % 2)
                self.device.open(0, framed)
                for _ in range(5):
                    data = self.random.randbytes(self.random.randrange(300))
                    if framed:
                        self.device.frame(data)
                    else:
                        self.device.feed(data)
                    self.device.take()
        self.assert_sane()

    def test_damaged_frames_on_fresh_links(self):
        seeds = bytes_of_vectors()
        for trial in range(TRIALS):
            with self.subTest(seed=SEED, trial=trial):
                self.device.open(0, framed=True)
                self.device.frame(self.damaged(self.random.choice(seeds)))
                self.device.take()
        self.assert_sane(framed=True)

    def test_any_payload_in_good_frames_gets_one_final_answer(self):
        seeds = bytes_of_vectors(longest=2048)
        types = [Type.CONFIGURE, Type.STAGE, Type.WEIGHTS, Type.EXECUTE, Type.ACQUIRE, Type.CANCEL, Type.COMMIT]
        host = None
        for trial in range(TRIALS):
            with self.subTest(seed=SEED, trial=trial):
                if trial % 100 == 0:
                    self.device.tick(70_000)
                    host = Host(self.device)
                    host.acquire(60_000)
                    host.prepare(network.batch(1, 1))
                number = host.send(self.random.choice(types), self.damaged(self.random.choice(seeds)), host.token)
                finals = [m.header for m in host.messages() if m.header.flags & Flag.FINAL]
                self.assertEqual([header.request for header in finals], [number])
                self.assertNotIn(finals[0].status, (Status.INTERNAL,))
        self.assert_sane()

    def test_headers_with_right_checksums_and_any_fields(self):
        for trial in range(TRIALS):
            with self.subTest(seed=SEED, trial=trial):
                if trial % 20 == 0:
                    host = Host(self.device, framed=True)
                    host.acquire()
                pick = lambda *values: self.random.choice(values)  # noqa: E731
                payload = self.random.randbytes(pick(0, 1, 40, 3000))
                header = Header(
                    type=pick(*Type, 0x70),
                    flags=pick(0, 0, 7),
                    payload_length=len(payload),
                    fragment_index=pick(0, 0, 0, 1, 65535),
                    fragment_count=pick(1, 1, 2, 65535),
                    session=pick(host.session, host.session, 0),
                    sequence=host.sender.sequence + pick(0, 0, 0, 1, -1),
                    request=host.request + 1,
                    token=pick(host.token, 0),
                    channel=pick(0, 1),
                    total_length=pick(len(payload), len(payload), 4000, (1 << 32) - 1),
                )
                frame = Frame(header, payload).encoded() if header.sequence >= 0 else b""
                for answer in self.device.frame(frame) + self.device.take():
                    if answer[6] == Type.ERROR:
                        host = Host(self.device, framed=True)
                        host.acquire()
                        break
                    host.sender.sequence, host.request = header.sequence + 1, decode_header(answer).request
        self.assert_sane(framed=True)

    def test_a_stream_may_be_cut_anywhere(self):
        """Every cut of a whole exchange: the link is opened anew, and the run goes on where it was."""
        batch = network.batch(1, 2)
        sent = []
        host = Host(self.device)
        host.raw = lambda frame: (sent.append(frame), Host.raw(host, frame))
        host.acquire()
        host.submit(batch, host.prepare(batch))
        last = sent[-1]
        for cut in range(len(last)):
            self.device.feed(last[:cut])
            host = Host(self.device, resume=host)
            self.assertTrue(host.opened.resumed, cut)
        self.device.work()
        execute = host.execute(batch)
        execute.ClearField("slot")
        host.send(Type.EXECUTE, execute, host.token)
        self.assertEqual(host.outcome()[-1][0], "DONE")
        self.assertEqual(self.device.runs, 2)

    def test_every_single_bit_that_flips_is_seen(self):
        """No frame of an exchange with one bit flipped is acted on."""
        host = Host(self.device, framed=True)
        frame = host.sender.frames(Type.ACQUIRE, b"\x08\x90\x4e", session=host.session, request=9)[0]
        for bit in range(8 * len(frame)):
            flipped = bytearray(frame)
            flipped[bit // 8] ^= 1 << bit % 8
            answers = self.device.frame(bytes(flipped)) + self.device.take()
            self.assertEqual([answer[6] for answer in answers], [Type.ERROR], bit)
            host = Host(self.device, framed=True)
            self.assertFalse(host.ask(Type.QUERY).held, bit)
            frame = host.sender.frames(Type.ACQUIRE, b"\x08\x90\x4e", session=host.session, request=9)[0]

    def test_cancels_and_repetitions_in_any_order_leave_nothing_behind(self):
        host = Host(self.device)
        host.acquire(60_000)
        batch = network.batch(1, 1)
        execute = host.prepare(batch)
        for trial in range(TRIALS):
            with self.subTest(seed=SEED, trial=trial):
                execute.batch = self.random.randrange(1, 7)
                choice = self.random.randrange(8)
                if choice < 3:
                    host.stage(batch)
                    host.send(Type.EXECUTE, execute, host.token)
                elif choice == 3:
                    host.send(Type.CANCEL, pb.Cancel(batch=execute.batch))
                elif choice == 4:
                    host.send(Type.ACK, pb.Ack(through_request=host.request), number=0)
                elif choice == 5:
                    self.device.step()
                elif choice == 6 and trial % 7 == 0:
                    host = Host(self.device, resume=host)
                    self.assertTrue(host.opened.resumed)
                else:
                    self.device.set(dawdles=self.random.randrange(2))
                self.device.tick(1)
        self.device.set()
        self.device.work()
        host.send(Type.ACK, pb.Ack(through_request=host.request), number=0)
        host.ask(Type.PING)
        health = host.ask(Type.GET)
        self.assertEqual((health.jobs_queued, health.results_kept), (0, 0))
        self.assert_sane()


class SmallNoiseTests(NoiseTests):
    """The same with the sizes of a microcontroller."""

    build = "bench-small.so"


if __name__ == "__main__":
    unittest.main()
