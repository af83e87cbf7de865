"""The toy device without sockets: time is an argument, so that every time-out can be seen."""

import random
import unittest

from vp1 import control, network
from vp1.control import pb
from vp1.frames import Flag, Type
from vp1.hashes import configuration_hash, content_hash
from vp1.link import Receiver, Sender
from vp1.results import ResultChunk
from vp1.spikes import StageBlock
from vp1.status import Status
from vp1.toy.device import Device
from vp1.vectors import files
from vp1.weights import WeightBlock

SEED = 7


class Host:
    """One host's link to a device, driven by hand."""

    def __init__(self, device, name, run=b"r" * 16, resume=None, credit=1 << 20):
        self.device, self.identity = device, name.encode()
        self.sender, self.receiver = Sender(), Receiver()
        self.session, self.request, self.token = 0, 0, 0
        versions = pb.Versions(lowest_major=1, highest_major=1)
        limits = pb.Limits(frame_payload=1 << 20, message=1 << 24, control_payload=1 << 16, slots=2, results_kept=4)
        self.ask(Type.HELLO, pb.Hello(versions=versions, limits=limits, nonce=bytes(16)))
        wanted = pb.Open(run=run, label=name, credit_bytes=credit)
        if resume:
            wanted.resume_session, wanted.resume_token, self.request = (
                resume.session,
                resume.resume_token,
                resume.request,
            )
        self.opened = self.ask(Type.OPEN, wanted)
        self.session, self.resume_token = self.opened.session, self.opened.resume_token

    def send(self, type, payload=b"", token=0, number=None):
        payload = payload if isinstance(payload, bytes) else control.encode(payload)
        if number is None:
            self.request += 1
            number = self.request
        for frame in self.sender.frames(type, payload, session=self.session, request=number, token=token):
            self.device.take(self.identity, frame, self.device.now)
        return number

    def messages(self):
        mine = [frame for identity, frame in self.device.outgoing if identity == self.identity]
        self.device.outgoing = [item for item in self.device.outgoing if item[0] != self.identity]
        return [message for message in map(self.receiver.take, mine) if message]

    def ask(self, type, payload=b"", token=0):
        """The parsed answer, or the status if it is not OK."""
        number = self.send(type, payload, token)
        answers = self.messages()
        final = [message for message in answers if message.header.request == number]
        assert len(final) == 1 and final[0].header.flags & Flag.FINAL, answers
        if final[0].header.status:
            return Status(final[0].header.status)
        kind = control.RESPONSES.get(final[0].header.type)
        return control.parse(kind, final[0].payload) if kind else None

    def acquire(self, ttl=10_000):
        grant = self.ask(Type.ACQUIRE, pb.Acquire(ttl_ms=ttl))
        if isinstance(grant, pb.LeaseGrant):
            self.token = grant.token
        return grant

    def prepare(self, batch):
        """Configures, writes the weights; returns the `Execute` of the batch."""
        payload = control.encode(batch.configuration)
        block = WeightBlock.full(batch.weights, 1)
        self.ask(Type.CONFIGURE, payload, self.token)
        self.ask(Type.WEIGHTS, block.encoded(), self.token)
        self.ask(Type.COMMIT, pb.Commit(epoch=1, image_crc=block.crc), self.token)
        digest = configuration_hash(payload)
        return pb.Execute(
            batch=batch.number,
            attempt=1,
            slot=0,
            configuration_hash=digest,
            epoch=1,
            image_crc=block.crc,
            observables=batch.observables,
            chunk_entries=100,
            content_hash=content_hash(digest, block.crc, batch.observables, batch.inputs.encoded()),
        )

    def submit(self, batch, execute):
        """Stages and executes; returns the request's number."""
        self.ask(Type.STAGE, StageBlock(0, batch.inputs).encoded(), self.token)
        return self.send(Type.EXECUTE, execute, self.token)

    def outcome(self):
        """(type, status, flags) of all that has come."""
        return [(Type(m.header.type).name, Status(m.header.status).name, m.header.flags) for m in self.messages()]


class ToyTests(unittest.TestCase):
    def setUp(self):
        self.device = Device(serial=3, boot=1, seed=SEED)

    def finish(self):
        while self.device.work(lambda: 0.0):
            pass

    def test_an_execute_ends_with_cancelled_when_its_batch_is_asked_for_again_or_acknowledged(self):
        host, batch = Host(self.device, "a", credit=0), network.batch(4, 2)
        host.acquire()
        execute = host.prepare(batch)
        host.submit(batch, execute)
        self.assertEqual(host.outcome(), [("EXECUTE", "OK", 1)])
        second = host.send(Type.EXECUTE, execute, host.token)
        self.assertEqual(host.outcome(), [("EXECUTE", "CANCELLED", 3), ("EXECUTE", "OK", 1)])
        self.finish()
        self.assertEqual(host.outcome(), [])
        host.send(Type.ACK, pb.Ack(through_request=second), number=0)
        self.assertEqual(host.outcome(), [("EXECUTE", "CANCELLED", 3)])

    def test_responses_to_bulk_requests_are_on_channel_0(self):
        host, batch = Host(self.device, "a"), network.batch(4, 2)
        host.acquire()
        host.prepare(batch)
        host.send(Type.STAGE, StageBlock(0, batch.inputs).encoded(), host.token)
        self.assertEqual([message.header.channel for message in host.messages()], [0])

    def test_a_batch_is_queued_run_sent_and_kept_until_it_is_acknowledged(self):
        host, batch = Host(self.device, "a"), network.batch(4, 2)
        host.acquire()
        execute = host.prepare(batch)
        request = host.submit(batch, execute)
        self.assertEqual(host.outcome(), [("EXECUTE", "OK", 1)])
        self.finish()
        self.assertEqual(host.outcome(), [("RESULT", "OK", 1), ("DONE", "OK", 3)])
        self.assertEqual(host.ask(Type.LIST).held[0].state, pb.BATCH_STATE_DONE)
        host.send(Type.EXECUTE, execute, host.token)
        self.assertEqual(host.outcome(), [("EXECUTE", "OK", 1), ("RESULT", "OK", 5), ("DONE", "OK", 7)])
        host.send(Type.ACK, pb.Ack(through_request=request), number=0)
        self.assertEqual(len(host.ask(Type.LIST).held), 0)
        self.assertEqual(host.ask(Type.GET).jobs_executed, 1)

    def test_a_cancelled_batch_answers_its_execute_before_the_cancel(self):
        host, batch = Host(self.device, "a"), network.batch(4, 2)
        host.acquire()
        host.submit(batch, host.prepare(batch))
        host.messages()
        host.send(Type.CANCEL, pb.Cancel(batch=4))
        self.assertEqual(host.outcome(), [("EXECUTE", "CANCELLED", 3), ("CANCEL", "OK", 3)])
        self.assertFalse(self.device.work())

    def test_results_wait_for_credit_and_other_messages_do_not(self):
        host, batch = Host(self.device, "a", credit=100), network.batch(4, 2)
        host.acquire()
        host.submit(batch, host.prepare(batch))
        host.messages()
        self.finish()
        self.assertEqual(host.outcome(), [])
        host.ask(Type.PING)
        host.send(Type.CREDIT, pb.Credit(total_bytes=100_000), number=0)
        host.send(Type.CREDIT, pb.Credit(total_bytes=50), number=0)
        self.assertEqual(host.outcome(), [("RESULT", "OK", 1), ("DONE", "OK", 3)])

    def test_a_resumed_session_fetches_its_result_and_the_former_link_is_refused(self):
        host, batch = Host(self.device, "a"), network.batch(4, 2)
        host.acquire()
        execute = host.prepare(batch)
        host.submit(batch, execute)
        self.finish()
        host.messages()
        later = Host(self.device, "a2", resume=host)
        self.assertTrue(later.opened.resumed)
        self.assertEqual([held.batch for held in later.opened.held], [4])
        execute.ClearField("slot")
        later.send(Type.EXECUTE, execute, host.token)
        self.assertEqual(later.outcome(), [("EXECUTE", "OK", 1), ("RESULT", "OK", 5), ("DONE", "OK", 7)])
        host.send(Type.PING)
        ((identity, frame),) = self.device.outgoing
        self.assertEqual((identity, frame[6], frame[44:46]), (b"a", Type.ERROR, b"\x01\x02"))

    def test_the_lease_runs_out_and_old_tokens_are_fenced(self):
        first, second = Host(self.device, "a"), Host(self.device, "b", run=b"s" * 16)
        first.acquire(1000)
        self.assertEqual(second.acquire(), Status.LEASE_HELD)
        self.device.advance(0.9)
        self.assertIsNone(first.ask(Type.RENEW, token=first.token))
        self.device.advance(1.8)
        self.assertEqual(second.acquire(), Status.LEASE_HELD)
        self.device.advance(2.0)
        self.assertEqual(first.ask(Type.RENEW, token=first.token), Status.LEASE_EXPIRED)
        grant = second.acquire()
        self.assertGreater(grant.token, first.token)
        self.assertEqual(first.ask(Type.RENEW, token=first.token), Status.FENCED)
        self.assertEqual(first.ask(Type.RENEW), Status.LEASE_EXPIRED)

    def test_the_run_goes_on_from_a_later_session_when_the_former_is_silent(self):
        first = Host(self.device, "a")
        batch = network.batch(1, 1)
        first.acquire(60_000)
        first.submit(batch, first.prepare(batch))
        first.messages()
        later = Host(self.device, "b")
        self.assertEqual(later.acquire(), Status.LEASE_HELD)
        self.device.advance(3.5)
        later.ask(Type.PING)
        self.assertGreater(later.acquire().token, first.token)
        self.assertEqual(first.outcome(), [("EXECUTE", "FENCED", 3)])

    def test_silent_sessions_end_and_their_place_is_free(self):
        Host(self.device, "a")
        self.device.advance(59)
        self.assertEqual(len(self.device.sessions), 1)
        self.device.advance(61)
        self.assertEqual(len(self.device.sessions), 0)

    def test_a_device_that_leaves_says_so_and_takes_no_new_batches(self):
        host, batch = Host(self.device, "a"), network.batch(1, 1)
        host.acquire()
        execute = host.prepare(batch)
        self.device.leave("maintenance")
        self.assertEqual(host.outcome(), [("GOAWAY", "OK", 0)])
        host.submit(batch, execute)
        self.assertEqual(host.outcome(), [("EXECUTE", "SHUTTING_DOWN", 3)])

    def test_the_same_content_gives_the_same_bytes_whatever_the_attempt(self):
        results = []
        for attempt in (1, 2):
            device = self.device = Device(serial=3, boot=attempt, seed=SEED)
            host, batch = Host(device, "a"), network.batch(4, 3)
            host.acquire()
            execute = host.prepare(batch)
            execute.attempt = attempt
            host.submit(batch, execute)
            self.finish()
            results.append([m.payload for m in host.messages() if m.header.type == Type.RESULT])
        self.assertEqual(results[0], results[1])

    def test_the_chip_is_what_its_description_says(self):
        """By hand: an input of weight 63 lifts the membrane by 63 LSB a step; 70 LSB above the leak it fires."""
        batch = network.batch(1, 1)
        host = Host(self.device, "a")
        host.acquire()
        batch.weights = [63] + [0] * (len(batch.weights) - 1)
        batch.inputs = type(batch.inputs)(network.INPUTS, network.WINDOW, (((0, 0), (64, 0)),))
        host.submit(batch, host.prepare(batch))
        self.finish()
        (result,) = (m for m in host.messages() if m.header.type == Type.RESULT)
        chunk = ResultChunk.decode(result.payload)
        # 63, then 63 - 63/16 + 63 = 122.06 above 80: it fires at the end of step 1, at tick 127.
        self.assertEqual(chunk.spikes.entries, (((127, 0),),))
        self.assertEqual(chunk.samples.codes[0], 80 + 63)
        self.assertEqual(chunk.samples.codes[1], 80)

    def test_no_bytes_make_it_fail_and_it_still_answers(self):
        source = random.Random(SEED)
        seeds = [
            bytes.fromhex(vector["bytes"])
            for verdict in ("valid", "invalid")
            for vector in files.load(verdict)
            if vector["kind"] in ("frame", "control", "stage", "weights")
        ]
        for trial in range(3000):
            with self.subTest(seed=SEED, trial=trial):
                data = bytearray(source.choice(seeds))
                for _ in range(source.randrange(3)):
                    if data:
                        data[source.randrange(len(data))] = source.randrange(256)
                if trial % 2:
                    self.device.take(b"raw%d" % (trial % 20), bytes(data), self.device.now)
                    continue
                if trial % 100 == 0:
                    self.device.advance(self.device.now + 70)
                    host = Host(self.device, f"h{trial}")
                    host.acquire(60_000)
                    host.prepare(network.batch(1, 1))
                types = [Type.CONFIGURE, Type.STAGE, Type.WEIGHTS, Type.EXECUTE, Type.ACQUIRE, Type.CANCEL, Type.COMMIT]
                host.send(source.choice(types), bytes(data), host.token)
                answers = host.messages()
                self.assertEqual(sum(bool(m.header.flags & Flag.FINAL) for m in answers), 1)
        self.device.advance(self.device.now + 70)
        Host(self.device, "sane").ask(Type.PING)


if __name__ == "__main__":
    unittest.main()
