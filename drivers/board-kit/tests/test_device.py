"""The device by ctypes, as hosts see it: sessions, lease, weights, batches, credit, time-outs, exact status codes."""

import unittest

from bench import Device
from host import Host, inputs_of
from vp1 import control, network
from vp1.control import pb
from vp1.frames import Flag, Type
from vp1.limits import Limits
from vp1.results import Costs, ResultChunk, chunk_crc
from vp1.status import Status

import tiny


class DeviceTests(unittest.TestCase):
    build, framed, piece, frame = "bench.so", False, None, 1 << 20

    def setUp(self):
        self.device = Device(build=self.build)

    def tearDown(self):
        self.device.close()

    def host(self, link=0, **options):
        return Host(self.device, link, frame=self.frame, framed=self.framed, piece=self.piece, **options)

    def holder(self, **options):
        """A host with the lease."""
        host = self.host(**options)
        host.acquire()
        return host

    def done(self, host):
        """The batches' `Done` among what came, with the result's chunks, checked against each other."""
        payloads, results = [], []
        for message in host.messages():
            if message.header.type == Type.RESULT:
                payloads.append(message.payload)
            elif message.header.type == Type.DONE:
                done = control.parse(pb.Done, message.payload)
                self.assertEqual((done.chunks, done.chunk_crc), (len(payloads), chunk_crc(payloads)))
                Costs.decode(done.costs)
                results.append((done, [ResultChunk.decode(payload) for payload in payloads]))
                payloads = []
        return results

    # Links and sessions

    def test_hello_states_the_limits_and_the_nonce(self):
        host = self.host()
        self.assertEqual(host.greeting.nonce, b"n" * 16)
        self.assertEqual((host.greeting.major, host.greeting.serial, host.greeting.boot), (1, 7, 1))
        self.assertGreaterEqual(host.greeting.limits.frame_payload, 2048)
        self.assertFalse(host.opened.resumed)

    def test_hello_is_refused_with_the_status_that_is_due(self):
        limits = pb.Limits(frame_payload=4096, message=4096, control_payload=4096, slots=1, results_kept=1)
        good = dict(versions=pb.Versions(lowest_major=1, highest_major=1), limits=limits, nonce=bytes(16))
        for change, status in (
            (dict(required_features=["enc.dv8"]), Status.CRITICAL_UNKNOWN),
            (dict(nonce=bytes(15)), Status.INVALID),
            (dict(limits=pb.Limits()), Status.MALFORMED),
            (dict(versions=pb.Versions(lowest_major=2, highest_major=3)), Status.VERSION),
        ):
            with self.subTest(change=change):
                host = self.host()
                host.renew()
                host.session = 0
                self.assertEqual(host.ask(Type.HELLO, pb.Hello(**(good | change))), status)
                if status == Status.VERSION:
                    self.assertEqual(host.fault.versions.highest_major, 1)

    def test_frames_before_hello_and_open_end_the_link(self):
        host = self.host()
        host.renew()
        self.assertEqual(host.ask(Type.PING), Status.NO_SESSION)
        host.renew()
        host.session = 0
        limits = pb.Limits(frame_payload=4096, message=4096, control_payload=4096, slots=1, results_kept=1)
        versions = pb.Versions(lowest_major=1, highest_major=1)
        host.ask(Type.HELLO, pb.Hello(versions=versions, limits=limits, nonce=bytes(16)))
        self.assertEqual(host.ask(Type.PING), Status.STATE)

    def test_another_session_ends_the_link(self):
        host = self.host()
        host.session ^= 1
        self.assertEqual(host.ask(Type.PING), Status.NO_SESSION)

    def test_requests_out_of_place_are_refused_and_the_link_stays(self):
        host = self.host()
        for type, status in (
            (0x70, Status.UNKNOWN_TYPE),
            (Type.HELLO, Status.STATE),
            (Type.OPEN, Status.STATE),
            (Type.DONE, Status.STATE),
            (Type.REPORT, Status.STATE),
        ):
            self.assertEqual(host.ask(type), status, type)
        host.send(Type.PING, number=host.request)
        self.assertEqual(host.outcome(), [("PING", "INVALID", 3)])
        for type in (Type.GOAWAY, Type.ERROR):
            host.send(type, number=0)
        host.sender.sequence -= 1  # ERROR has no place in the order
        self.assertEqual(host.outcome(), [])
        self.assertIsNone(host.ask(Type.PING))

    def test_frames_and_messages_above_the_agreed_limits_end_the_link(self):
        for frame in (2048, 2049):
            host = Host(self.device, frame=frame, framed=self.framed, piece=self.piece)
            size = host.limits.frame_payload
            self.assertIsNone(host.ask(Type.PING, bytes(size)))
            host.sender.limits = Limits(frame_payload=size + 1, control_payload=1 << 20)
            self.assertEqual(host.ask(Type.PING, bytes(size + 1)), Status.TOO_LARGE)
        for type, limit in ((Type.PING, "control_payload"), (Type.WEIGHTS, "message")):
            host = self.host()
            most = getattr(host.limits, limit)
            host.sender.limits = Limits(frame_payload=host.limits.frame_payload, control_payload=1 << 20)
            answer = host.ask(type, bytes(most))
            self.assertEqual(answer, None if type == Type.PING else Status.LEASE_EXPIRED)
            host.send(type, bytes(most + 1))
            self.assertEqual([(m.header.type, Status(m.header.status)) for m in host.messages()[:1]],
                             [(Type.ERROR, Status.TOO_LARGE)])

    def test_a_block_that_no_chip_could_use_is_refused_unread(self):
        host, batch = self.holder(), network.batch(1, 1)
        host.prepare(batch)
        self.assertEqual(host.ask(Type.WEIGHTS, bytes(host.limits.message), host.token), Status.TOO_LARGE)
        host.submit(batch, host.execute(batch))
        self.device.work()
        self.assertEqual(len(self.done(host)), 1)

    def test_the_numbers_of_requests_go_on_from_open(self):
        host = self.host()
        host.send(Type.PING, number=host.request)
        self.assertEqual(host.outcome(), [("PING", "INVALID", 3)])

    def test_a_link_that_has_only_said_hello_is_forgotten_after_10_s(self):
        host = self.host()
        host.renew()
        host.session = 0
        limits = pb.Limits(frame_payload=4096, message=4096, control_payload=4096, slots=1, results_kept=1)
        versions = pb.Versions(lowest_major=1, highest_major=1)
        host.ask(Type.HELLO, pb.Hello(versions=versions, limits=limits, nonce=bytes(16)))
        self.device.tick(10_001)
        self.assertEqual(host.ask(Type.OPEN, pb.Open(run=bytes(16))), Status.NO_SESSION)

    def test_a_run_has_16_bytes(self):
        self.assertEqual(self.host(run=b"short").opened, Status.INVALID)

    def test_close_forgets_all(self):
        host = self.holder()
        batch = network.batch(4, 2)
        host.submit(batch, host.prepare(batch))
        self.device.work()
        host.messages()
        self.assertIsNone(host.ask(Type.CLOSE))
        later = self.host(resume=host)
        self.assertFalse(later.opened.resumed)
        self.assertEqual(list(later.opened.held), [])
        self.assertFalse(later.ask(Type.QUERY).held)

    def test_a_resumed_session_fetches_its_result(self):
        host, batch = self.holder(), network.batch(4, 2)
        execute = host.prepare(batch)
        host.submit(batch, execute)
        host.messages()
        self.device.shut()
        self.device.work()
        later = self.host(resume=host)
        self.assertTrue(later.opened.resumed)
        self.assertEqual([(held.batch, held.state) for held in later.opened.held], [(4, pb.BATCH_STATE_DONE)])
        self.assertEqual(later.outcome(), [])
        execute.ClearField("slot")
        later.send(Type.EXECUTE, execute, later.token)
        ((done, _),) = self.done(later)
        self.assertEqual((done.batch, self.device.runs), (4, 2))

    def test_a_wrong_resume_token_makes_a_new_session(self):
        host = self.host()
        host.resume_token = bytes(16)
        self.assertFalse(self.host(resume=host).opened.resumed)

    def test_a_session_is_kept_for_60_s(self):
        host = self.host()
        self.device.shut()
        self.device.tick(60_000)
        host = self.host(resume=host)
        self.assertTrue(host.opened.resumed)
        self.device.shut()
        self.device.tick(60_001)
        self.assertFalse(self.host(resume=host).opened.resumed)

    def test_a_detached_session_yields_its_place(self):
        sessions = self.device.library.bench_sessions()
        for number in range(sessions):
            self.host(run=bytes([number]) * 16)
            self.device.tick(1)
        self.device.shut()
        self.assertIsInstance(self.host(run=b"x" * 16).opened, pb.OpenReply)
        self.assertEqual(self.host(run=b"x" * 16).greeting.sessions_free, 0)

    # The lease

    def test_what_needs_the_lease_is_refused_without_it(self):
        host = self.host()
        for type in (Type.RENEW, Type.CONFIGURE, Type.WEIGHTS, Type.COMMIT, Type.STAGE, Type.EXECUTE):
            self.assertEqual(host.ask(type, b"\xff"), Status.LEASE_EXPIRED, type)
            self.assertEqual(host.ask(type, b"\xff", token=1), Status.FENCED, type)
        for type in (Type.DESCRIBE, Type.QUERY, Type.LIST, Type.GET):
            self.assertIsNotNone(host.ask(type))

    def test_the_lease_runs_out_and_is_prolonged_by_use(self):
        host = self.host()
        self.assertEqual(host.acquire(1000).ttl_ms, 1000)
        self.device.tick(900)
        self.assertIsNone(host.ask(Type.RENEW, token=host.token))
        self.device.tick(999)
        self.assertTrue(host.ask(Type.QUERY).yours)
        self.device.tick(1)
        self.assertFalse(host.ask(Type.QUERY).held)
        self.assertEqual(host.ask(Type.RENEW, token=host.token), Status.LEASE_EXPIRED)
        former = host.token
        self.assertGreater(host.acquire().token, former)
        self.assertEqual(host.ask(Type.RENEW, token=former), Status.FENCED)

    def test_tokens_grow_from_start_to_start(self):
        first = self.holder().token
        self.device.close()
        self.device = Device(boot=2, starts=2, build=self.build)
        self.assertGreater(self.holder().token, first)

    def test_a_later_session_of_the_run_takes_the_lease_of_a_silent_one(self):
        first = self.holder()
        batch = network.batch(4, 2)
        first.submit(batch, first.prepare(batch))
        self.device.shut()
        second = self.host()
        self.assertNotEqual(second.session, first.session)
        self.assertIsInstance(second.acquire(), pb.LeaseGrant)
        self.assertEqual(list(second.ask(Type.LIST).held), [])
        self.assertEqual(second.ask(Type.RENEW, token=first.token), Status.FENCED)

    def test_another_run_waits_for_the_lease(self):
        self.holder()
        self.device.shut()
        second = self.host(run=b"s" * 16)
        self.assertEqual(second.acquire(), Status.LEASE_HELD)
        self.assertEqual((second.fault.holder.label, second.fault.holder.left_ms), ("host 0", 10_000))
        self.device.tick(10_000)
        self.assertIsInstance(second.acquire(), pb.LeaseGrant)

    # The chip

    def test_the_chip_s_state_is_told_with_the_lease(self):
        host, batch = self.holder(), network.batch(1, 1)
        execute = host.prepare(batch, epoch=5)
        chip = host.acquire().chip
        self.assertEqual((chip.configuration_hash, chip.epoch), (execute.configuration_hash, 5))
        self.assertEqual(chip.image_crc, execute.image_crc)
        host.ask(Type.CONFIGURE, batch.configuration, host.token)
        self.assertEqual(host.acquire().chip, chip)
        batch.configuration.noise_seed += 1
        host.ask(Type.CONFIGURE, batch.configuration, host.token)
        chip = host.acquire().chip
        self.assertEqual((chip.epoch, chip.image_crc), (0, 0))

    def test_a_configuration_that_does_not_fit_is_refused_and_changes_nothing(self):
        host, batch = self.holder(), network.batch(1, 1)
        host.prepare(batch)
        chip = host.acquire().chip
        geometry = host.ask(Type.DESCRIBE).geometry
        spiking, nan = pb.POPULATION_KIND_SPIKING, float("nan")
        for change in (
            lambda c: setattr(c, "input_count", geometry.input_channels + 1),
            lambda c: setattr(c, "window", 0),
            lambda c: setattr(c, "window", 65536),
            lambda c: setattr(c, "sample_period", 1),
            lambda c: setattr(c, "sample_count", 1000),
            lambda c: setattr(c.populations[0], "size", 0),
            lambda c: setattr(c.populations[0], "size", 100_000),
            lambda c: setattr(c.populations[0], "codes", b"\0" * 18),
            lambda c: setattr(c.populations[0].targets, "leak", nan),
            lambda c: setattr(c.populations[0].targets, "tau_mem", float("inf")),
            lambda c: setattr(c.populations[0].targets, "threshold", 1e9),
            lambda c: setattr(c.projections[0], "target", 2),
            lambda c: setattr(c.projections[0], "source_population", 0xFFFFFFFF),
            lambda c: [c.populations.add(kind=spiking, size=1, targets=c.populations[0].targets) for _ in range(9)],
            lambda c: [c.projections.add(target=0) for _ in range(200)],
            lambda c: c.ClearField("populations"),
            # Each population fits, all of them do not: too many neurons, synapses, merged circuits.
            lambda c: c.populations.add(kind=spiking, size=geometry.neuron_circuits - 7, targets=c.populations[0].targets),
            lambda c: [c.projections.add(source_population=1, target=0) for _ in range(7)] + [
                setattr(c.populations[1], "size", geometry.neuron_circuits - 8), setattr(c, "input_count", 32)],
            lambda c: [setattr(c.populations[0], "size", geometry.neuron_circuits - 3)]
            + [c.projections.add(source_population=0, target=1) for _ in range(2)],
        ):
            wanted = pb.Configure.FromString(control.encode(batch.configuration))
            change(wanted)
            self.assertEqual(host.ask(Type.CONFIGURE, wanted, host.token), Status.INVALID, wanted)
            self.assertEqual(host.acquire().chip, chip)
        wanted = pb.Configure.FromString(control.encode(batch.configuration))
        wanted.populations[0].kind = 9
        self.assertEqual(host.ask(Type.CONFIGURE, wanted, host.token), Status.MALFORMED)
        self.assertEqual(host.ask(Type.CONFIGURE, b"\x0a\xff", host.token), Status.MALFORMED)

    def test_a_chip_that_refuses_is_heard(self):
        host, batch = self.holder(), network.batch(1, 1)
        self.device.set(refuses=1)
        self.assertEqual(host.ask(Type.CONFIGURE, batch.configuration, host.token), Status.INVALID)
        self.assertIn("today", host.fault.detail)
        self.device.set(refuses=2)
        host.submit(batch, host.prepare(batch))
        host.messages()
        self.device.work()
        self.assertEqual(host.outcome(), [("EXECUTE", "FAULT", 3)])
        self.device.set()
        host.submit(batch, host.execute(batch))
        self.device.work()
        self.assertEqual(len(self.done(host)), 1)

    def test_weights_go_in_full_and_as_changes(self):
        host, batch = self.holder(), network.batch(1, 1)
        self.assertEqual(host.write(batch.weights), Status.EPOCH_MISMATCH)
        host.ask(Type.CONFIGURE, batch.configuration, host.token)
        self.assertEqual(host.write(batch.weights, 2, former=batch.weights, base=1), Status.EPOCH_MISMATCH)
        self.assertEqual(host.write(batch.weights, 1).changed, len(batch.weights))
        later = list(batch.weights)
        later[3] = -later[3]
        self.assertEqual(host.write(later, 2, former=batch.weights, base=1).changed, 1)
        self.assertEqual(host.write(later, 3, former=batch.weights, base=1), Status.EPOCH_MISMATCH)
        self.assertEqual(host.write(batch.weights, 3, former=batch.weights, base=2), Status.EPOCH_MISMATCH)
        self.assertEqual(host.acquire().chip.epoch, 2)
        commit = pb.Commit(epoch=9, image_crc=1)
        self.assertEqual(host.ask(Type.COMMIT, commit, host.token), Status.EPOCH_MISMATCH)

    # Batches

    def test_results_are_those_of_the_model(self):
        host, batch = self.holder(), network.batch(4, 3, seed=9)
        host.submit(batch, host.prepare(batch))
        self.device.work()
        ((done, chunks),) = self.done(host)
        self.assertEqual(done.entries, 3)
        spikes = [entry for chunk in chunks for entry in chunk.spikes.entries]
        codes = b"".join(chunk.samples.codes for chunk in chunks)
        expected = [
            tiny.entry(batch.configuration, batch.weights, events, batch.observables) for events in batch.inputs.entries
        ]
        self.assertEqual(spikes, [tuple(entry) for entry, _ in expected])
        self.assertEqual(codes, b"".join(part for _, part in expected))
        self.assertGreater(sum(map(len, spikes)), 10)
        self.assertEqual(Costs.decode(done.costs).offered, sum(map(len, batch.inputs.entries)))

    def test_one_synapse_moves_the_membrane_as_its_equation_says(self):
        """The response to one event in closed form: gain w t / tau exp(-t / tau) where both time constants are equal."""
        host, batch = self.holder(), network.batch(4, 1)
        targets = batch.configuration.populations[0].targets
        targets.tau_mem = targets.tau_syn_excitatory = 10
        targets.synaptic_gain = 2
        batch.configuration.sample_count, batch.configuration.sample_period = 20, 125
        batch.weights = [20] + [0] * (len(batch.weights) - 1)
        batch.inputs = inputs_of(batch, [(0, 0)])
        batch.observables.membrane_count = 1
        host.submit(batch, host.prepare(batch))
        self.device.work()
        ((_, chunks),) = self.done(host)
        for sample, code in enumerate(chunks[0].samples.codes):
            # Sample k is read at the first step that begins at k us or later.
            time = -(-sample * 125 // 32) * 0.256
            self.assertAlmostEqual(code, 80 + 2 * 20 * time / 10 * 2.718281828 ** (-time / 10), delta=0.52)

    def test_the_reference_takes_the_place_of_the_membranes(self):
        host, batch = self.holder(), network.batch(4, 1)
        batch.observables.reference = 100.4
        host.submit(batch, host.prepare(batch))
        self.device.work()
        ((_, chunks),) = self.done(host)
        self.assertEqual(set(chunks[0].samples.codes), {100})

    def test_chunks_have_the_entries_that_were_asked_for(self):
        host, batch = self.holder(), network.batch(4, 5)
        for number, size, expected in ((1, 2, [2, 2, 1]), (2, 0, [1] * 5), (3, 5, [5]), (4, 0xFFFFFFFF, [5])):
            batch.number = number
            execute = host.prepare(batch)
            execute.chunk_entries = size
            request = host.submit(batch, execute)
            self.device.work()
            ((_, chunks),) = self.done(host)
            self.assertEqual([len(chunk.validity) for chunk in chunks], expected)
            self.assertEqual([chunk.first_entry for chunk in chunks], [sum(expected[:n]) for n in range(len(expected))])
            host.send(Type.ACK, pb.Ack(through_request=request), number=0)

    def test_a_batch_without_entries_has_one_empty_chunk(self):
        host, batch = self.holder(), network.batch(4, 1)
        batch.inputs = inputs_of(batch)
        host.submit(batch, host.prepare(batch))
        self.device.work()
        ((done, chunks),) = self.done(host)
        self.assertEqual((done.entries, [len(chunk.validity) for chunk in chunks]), (0, [0]))
        self.assertEqual(self.device.runs, 0)

    def test_nothing_is_recorded_where_nothing_is_asked_for(self):
        host, batch = self.holder(), network.batch(4, 2)
        batch.observables.Clear()
        host.submit(batch, host.prepare(batch))
        self.device.work()
        ((done, chunks),) = self.done(host)
        self.assertEqual((chunks[0].spikes, chunks[0].samples), (None, None))
        self.assertGreater(Costs.decode(done.costs).produced, 0)

    def test_a_batch_runs_once_however_often_it_is_asked_for(self):
        host, batch = self.holder(), network.batch(4, 2)
        execute = host.prepare(batch)
        host.submit(batch, execute)
        self.device.work()
        first = [message.payload for message in host.messages() if message.header.type == Type.RESULT]
        for _ in range(10):
            host.send(Type.EXECUTE, execute, host.token)
            answers = host.messages()
            self.assertEqual([m.payload for m in answers if m.header.type == Type.RESULT], first)
            flags = [m.header.flags for m in answers]
            self.assertEqual(flags[0], Flag.RESPONSE)
            self.assertTrue(all(flag & Flag.DUPLICATE for flag in flags[1:]))
            self.assertTrue(flags[-1] & Flag.FINAL)
        health = host.ask(Type.GET)
        self.assertEqual((health.jobs_executed, health.duplicates_answered, self.device.runs), (1, 10, 2))

    def test_a_repeated_execute_takes_the_place_of_a_former_one(self):
        host, batch = self.holder(), network.batch(4, 2)
        execute = host.prepare(batch)
        first = host.submit(batch, execute)
        second = host.send(Type.EXECUTE, execute, host.token)
        self.device.work()
        finals = {m.header.request: m.header for m in host.messages() if m.header.flags & Flag.FINAL}
        self.assertEqual(Status(finals[first].status), Status.CANCELLED)
        self.assertEqual(Type(finals[second].type), Type.DONE)

    def test_ack_frees_results_through_a_request(self):
        host, batch = self.holder(), network.batch(1, 1)
        requests = []
        for number in (1, 2):
            batch.number = number
            requests.append(host.submit(batch, host.prepare(batch)))
            self.device.work()
        host.messages()
        host.send(Type.ACK, pb.Ack(through_request=requests[0]), number=0)
        self.assertEqual([held.batch for held in host.ask(Type.LIST).held], [2])
        execute = host.execute(batch)
        execute.batch = 1
        execute.ClearField("slot")
        self.assertEqual(host.ask(Type.EXECUTE, execute, host.token), Status.FORGOTTEN)

    def test_execute_is_refused_with_the_status_that_is_due(self):
        host, batch = self.holder(), network.batch(4, 2)
        good = host.prepare(batch)
        host.stage(batch)
        for change, status in (
            (dict(configuration_hash=bytes(32)), Status.EPOCH_MISMATCH),
            (dict(configuration_hash=b""), Status.EPOCH_MISMATCH),
            (dict(epoch=2), Status.EPOCH_MISMATCH),
            (dict(image_crc=1), Status.EPOCH_MISMATCH),
            (dict(content_hash=bytes(32)), Status.INVALID),
            (dict(slot=1), Status.INVALID),
            (dict(slot=0xFFFFFFFF), Status.INVALID),
        ):
            wanted = pb.Execute.FromString(control.encode(good))
            for name, value in change.items():
                setattr(wanted, name, value)
            self.assertEqual(host.ask(Type.EXECUTE, wanted, host.token), status, change)
        for membranes in ((0, 9), (8, 1), (0xFFFFFFFF, 0xFFFFFFFF)):
            batch.observables.first_membrane, batch.observables.membrane_count = membranes
            self.assertEqual(host.ask(Type.EXECUTE, host.execute(batch), host.token), Status.INVALID)
        batch.observables.first_membrane, batch.observables.membrane_count = 0, 8
        batch.observables.reference = float("nan")
        self.assertEqual(host.ask(Type.EXECUTE, host.execute(batch), host.token), Status.INVALID)
        host.send(Type.EXECUTE, good, host.token)
        self.assertEqual(host.outcome(), [("EXECUTE", "OK", 1)])
        self.assertEqual(host.ask(Type.EXECUTE, self.other(good), host.token), Status.DUPLICATE_MISMATCH)

    @staticmethod
    def other(execute):
        """The same batch with another content."""
        changed = pb.Execute.FromString(control.encode(execute))
        changed.content_hash = b"x" * 32
        return changed

    def test_a_cancelled_batch_answers_its_execute_and_never_runs(self):
        host, batch = self.holder(), network.batch(4, 2)
        host.submit(batch, host.prepare(batch))
        host.messages()
        host.send(Type.CANCEL, pb.Cancel(batch=4))
        self.assertEqual(host.outcome(), [("EXECUTE", "CANCELLED", 3), ("CANCEL", "OK", 3)])
        self.device.work()
        self.assertEqual((host.outcome(), self.device.runs), ([], 0))
        self.assertEqual(host.ask(Type.CANCEL, pb.Cancel(batch=4)).state, pb.BATCH_STATE_CANCELLED)

    def test_a_running_batch_is_cancelled_and_the_next_one_runs(self):
        host, batch = self.holder(), network.batch(4, 2)
        self.device.set(dawdles=1)
        host.submit(batch, host.prepare(batch))
        batch.number = 5
        host.submit(batch, host.execute(batch))
        self.device.step()
        self.assertEqual([held.state for held in host.ask(Type.LIST).held], [2, 1])
        self.assertEqual(host.ask(Type.CANCEL, pb.Cancel(batch=4)).state, pb.BATCH_STATE_CANCELLED)
        self.device.set()
        self.device.work()
        ((done, _),) = self.done(host)
        self.assertEqual(done.batch, 5)
        self.assertEqual(host.ask(Type.CANCEL, pb.Cancel(batch=5)).state, pb.BATCH_STATE_DONE)

    def test_accepted_batches_keep_their_image_and_configuration(self):
        host, batch = self.holder(), network.batch(1, 2)
        execute = host.prepare(batch)
        host.submit(batch, execute)
        self.device.step()
        later = network.batch(2, 2, seed=5)
        later.configuration.window += 100
        later.configuration.populations[0].targets.tau_mem = 9
        later.inputs = inputs_of(later, *later.inputs.entries)
        host.submit(later, host.prepare(later, epoch=1))
        other = network.batch(3, 1, seed=6)
        other.configuration.window += 200
        self.assertEqual(host.ask(Type.CONFIGURE, other.configuration, host.token), Status.BUSY)
        self.device.work()
        for (done, chunks), wanted in zip(self.done(host), (batch, later), strict=True):
            self.assertEqual(done.batch, wanted.number)
            expected = [
                tiny.entry(wanted.configuration, wanted.weights, events, wanted.observables)
                for events in wanted.inputs.entries
            ]
            self.assertEqual(list(chunks[0].spikes.entries), [spikes for spikes, _ in expected])
            self.assertEqual(chunks[0].samples.codes, b"".join(codes for _, codes in expected))
        self.assertIsInstance(host.ask(Type.CONFIGURE, other.configuration, host.token), pb.ConfigureReply)

    def test_each_batch_runs_on_the_weights_that_it_names(self):
        host, batch = self.holder(), network.batch(1, 1)
        host.prepare(batch)
        for number in range(2, 6):
            batch.number, batch.weights = number, network.batch(1, 1, seed=number).weights
            host.write(batch.weights, number)
            request = host.submit(batch, host.execute(batch, epoch=number))
            self.device.work()
            ((_, chunks),) = self.done(host)
            spikes, codes = tiny.entry(batch.configuration, batch.weights, batch.inputs.entries[0], batch.observables)
            self.assertEqual((chunks[0].spikes.entries[0], chunks[0].samples.codes), (spikes, codes))
            host.send(Type.ACK, pb.Ack(through_request=request), number=0)

    def test_inputs_above_what_the_chip_has_are_too_large(self):
        host, batch = self.holder(), network.batch(1, 1)
        batch.configuration.input_count, batch.configuration.window = 30, 2500
        host.ask(Type.CONFIGURE, batch.configuration, host.token)
        geometry = host.ask(Type.DESCRIBE).geometry
        events, entries = geometry.maximum_events_per_entry, geometry.maximum_entries_per_batch
        train = [(index, 0) for index in range(events)]
        batch.inputs = inputs_of(batch, train)
        self.assertIsNone(host.stage(batch))
        batch.inputs = inputs_of(batch, [], [*train, (events, 0)])
        self.assertEqual(host.stage(batch), Status.TOO_LARGE)
        batch.inputs = inputs_of(batch, *[[]] * entries)
        self.assertIsNone(host.stage(batch))
        batch.inputs = inputs_of(batch, *[[]] * (entries + 1))
        self.assertEqual(host.stage(batch), Status.TOO_LARGE)

    def test_a_host_that_keeps_few_results_is_held_to_that(self):
        host, batch = self.holder(results=1), network.batch(1, 1)
        execute = host.prepare(batch)
        host.submit(batch, execute)
        self.device.work()
        host.messages()
        execute.batch = 2
        host.stage(batch)
        self.assertEqual(host.ask(Type.EXECUTE, execute, host.token), Status.BUSY)

    def test_more_than_the_slots_or_the_results_is_busy(self):
        host, batch = self.holder(), network.batch(1, 1)
        execute = host.prepare(batch)
        for number in range(1, host.limits.slots + 1):
            execute.batch = number
            host.submit(batch, execute)
        host.messages()
        execute.batch = 9
        host.stage(batch)
        self.assertEqual(host.ask(Type.EXECUTE, execute, host.token), Status.BUSY)
        self.device.work()
        host.messages()
        for number in range(host.limits.slots + 1, host.limits.results_kept + 1):
            execute.batch = number
            host.submit(batch, execute)
            self.device.work()
            host.messages()
        execute.batch = 9
        host.stage(batch)
        self.assertEqual(host.ask(Type.EXECUTE, execute, host.token), Status.BUSY)
        self.assertEqual(len(host.ask(Type.LIST).held), host.limits.results_kept)

    def test_a_new_run_gets_the_places_of_one_that_is_gone(self):
        host, batch = self.holder(), network.batch(1, 1)
        execute = host.prepare(batch)
        for number in range(1, host.limits.results_kept + 1):
            execute.batch = number
            host.submit(batch, execute)
            self.device.work()
        self.device.shut()
        self.device.tick(10_001)
        later = self.holder(run=b"s" * 16)
        later.submit(batch, later.prepare(batch))
        self.device.work()
        self.assertEqual(len(self.done(later)), 1)

    def test_a_chip_that_fails_ends_the_batch_with_fault(self):
        host, batch = self.holder(), network.batch(1, 1)
        execute = host.prepare(batch)
        for change in (dict(fails=1), dict(disorders=1)):
            self.device.set(**change)
            host.submit(batch, execute)
            host.messages()
            self.device.work()
            self.assertEqual(host.outcome(), [("EXECUTE", "FAULT", 3)])
        self.assertEqual(host.ask(Type.GET).jobs_failed, 2)
        self.assertEqual(list(host.ask(Type.LIST).held), [])

    def test_spikes_above_the_buffer_are_counted_and_flagged(self):
        host, batch = self.holder(), network.batch(1, 2)
        self.device.set(floods=1)
        host.submit(batch, host.prepare(batch))
        self.device.work()
        ((done, chunks),) = self.done(host)
        kept = host.ask(Type.DESCRIBE).geometry.maximum_events_per_entry
        self.assertEqual([len(entry) for entry in chunks[0].spikes.entries], [kept, kept])
        self.assertEqual(chunks[0].validity, bytes([4 | 2, 4 | 2]))
        costs = Costs.decode(done.costs)
        self.assertEqual((costs.produced, costs.delivered), (2 * 8 * 2500, 2 * kept))
        self.assertTrue(costs.is_balanced)

    def test_the_temperature_is_that_of_the_batch(self):
        host, batch = self.holder(), network.batch(1, 1)
        execute = host.prepare(batch)
        number = host.send(Type.GET)
        self.assertFalse(control.parse(pb.Conditions, host.messages()[0].payload).HasField("temperature"))
        for degrees in (0.0, 31.5):
            self.device.set(temperature=degrees)
            number = execute.batch = execute.batch + 1
            host.submit(batch, execute)
            self.device.work()
            ((done, _),) = self.done(host)
            self.assertEqual((done.batch, done.HasField("temperature"), done.temperature), (number, True, degrees))
            self.device.set(temperature=99.0)
            host.send(Type.GET)
            self.assertEqual(control.parse(pb.Conditions, host.messages()[0].payload).temperature, degrees)
            host.send(Type.ACK, pb.Ack(through_request=host.request), number=0)

    # Flow

    def test_results_wait_for_credit_and_other_messages_do_not(self):
        host, batch = self.holder(credit=100), network.batch(4, 2)
        host.submit(batch, host.prepare(batch))
        self.device.work()
        self.assertEqual(host.outcome(), [("EXECUTE", "OK", 1)])
        self.assertIsNone(host.ask(Type.PING))
        host.send(Type.CREDIT, pb.Credit(total_bytes=100_000), number=0)
        host.send(Type.CREDIT, pb.Credit(total_bytes=50), number=0)
        self.assertEqual(host.outcome(), [("RESULT", "OK", 1), ("DONE", "OK", 3)])

    def test_a_fresh_link_has_its_own_credit(self):
        host, batch = self.holder(credit=1000), network.batch(4, 2)
        execute = host.prepare(batch)
        host.submit(batch, execute)
        self.device.work()
        sent = sum(len(m.payload) for m in host.messages() if m.header.type == Type.RESULT)
        self.assertGreater(sent, 100)
        execute.ClearField("slot")
        for _ in range(5):
            host = self.host(resume=host, credit=sent)
            host.send(Type.EXECUTE, execute, host.token)
            self.assertEqual(host.outcome()[-1][0], "DONE")

    def test_no_byte_more_than_the_credit_is_sent(self):
        host, batch = self.holder(credit=0), network.batch(4, 4)
        execute = host.prepare(batch)
        execute.chunk_entries = 1
        host.submit(batch, execute)
        self.device.work()
        granted = received = chunks = 0
        while chunks < 4:
            granted += 50
            host.send(Type.CREDIT, pb.Credit(total_bytes=granted), number=0)
            for message in host.messages():
                if message.header.type == Type.RESULT:
                    received += len(message.payload)
                    chunks += 1
            self.assertLessEqual(received, granted)
        self.assertLess(granted - received, 50 + 1)

    def half_a_chunk(self):
        """A host to which the first frame of a chunk of three has come, with the batch and the first request."""
        host = Host(self.device, frame=2048, credit=2048, framed=self.framed, piece=self.piece)
        host.acquire()
        batch = network.batch(4, 8)
        batch.configuration.sample_count, batch.configuration.sample_period = 78, 32
        request = host.submit(batch, host.prepare(batch))
        self.device.work()
        self.assertEqual(host.outcome(), [("EXECUTE", "OK", 1)])
        return host, batch, request

    def test_a_chunk_that_has_begun_is_sent_to_its_end_after_an_ack(self):
        host, batch, request = self.half_a_chunk()
        host.send(Type.ACK, pb.Ack(through_request=request), number=0)
        self.assertEqual(list(host.ask(Type.LIST).held), [])
        host.send(Type.CREDIT, pb.Credit(total_bytes=1 << 20), number=0)
        batch.number = 5
        host.submit(batch, host.execute(batch))
        self.device.work()
        outcome = host.outcome()
        self.assertEqual(outcome.count(("RESULT", "OK", 1)), 2)
        self.assertEqual(outcome[-1], ("DONE", "OK", 3))
        host.ask(Type.PING)
        self.assertEqual(host.ask(Type.GET).results_kept, 1)

    def test_a_result_that_is_asked_for_in_the_midst_of_a_chunk_comes_again_from_its_start(self):
        host, batch, request = self.half_a_chunk()
        execute = host.execute(batch)
        execute.ClearField("slot")
        again = host.send(Type.EXECUTE, execute, host.token)
        host.send(Type.CREDIT, pb.Credit(total_bytes=1 << 20), number=0)
        answers = [(Type(m.header.type), m.header.request, m.header.flags) for m in host.messages()]
        self.assertEqual(answers[-2:], [(Type.RESULT, again, 5), (Type.DONE, again, 7)])
        finals = [(type, number) for type, number, flags in answers if flags & Flag.FINAL]
        self.assertEqual(finals, [(Type.EXECUTE, request), (Type.DONE, again)])

    def test_a_link_that_ends_in_the_midst_of_a_chunk_leaves_nothing_on_its_way(self):
        host, batch, request = self.half_a_chunk()
        later = Host(self.device, resume=host, frame=2048, framed=self.framed, piece=self.piece)
        self.assertEqual(later.outcome(), [])
        execute = host.execute(batch)
        execute.ClearField("slot")
        later.send(Type.EXECUTE, execute, later.token)
        self.assertEqual([len(chunks) for _, chunks in self.done(later)], [1])

    def test_goaway_lets_accepted_batches_finish(self):
        host, batch = self.holder(), network.batch(4, 2)
        execute = host.prepare(batch)
        host.submit(batch, execute)
        host.messages()
        self.device.leave()
        self.assertEqual(host.outcome(), [("GOAWAY", "OK", 0)])
        host.stage(batch)
        execute.batch = 5
        self.assertEqual(host.ask(Type.EXECUTE, execute, host.token), Status.SHUTTING_DOWN)
        self.device.work()
        self.assertEqual(len(self.done(host)), 1)
        self.assertTrue(self.device.library.bench_is_idle(self.device.pointer))


class FramedTests(DeviceTests):
    """The same on a link that keeps frames apart."""

    framed = True


class SmallTests(DeviceTests):
    """The same with the sizes of a microcontroller."""

    build = "bench-small.so"


class DribbleTests(DeviceTests):
    """The same with frames of 2 KiB that come and go 7 bytes at a time."""

    build, piece, frame = "bench-small.so", 7, 2048


if __name__ == "__main__":
    unittest.main()
