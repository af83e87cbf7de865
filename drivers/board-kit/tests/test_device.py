"""The device by ctypes, as hosts see it: links, sessions, the lease, configurations and weights; exact status codes."""

import unittest

from vp1 import control, network
from vp1.control import pb
from vp1.frames import Type
from vp1.limits import Limits
from vp1.status import Status

from bench import Device
from cases import DeviceCase
from host import Host


class DeviceTests(DeviceCase):
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
            self.assertEqual(
                [(m.header.type, Status(m.header.status)) for m in host.messages()[:1]],
                [(Type.ERROR, Status.TOO_LARGE)],
            )

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
            lambda c: c.populations.add(
                kind=spiking, size=geometry.neuron_circuits - 7, targets=c.populations[0].targets
            ),
            lambda c: (
                [c.projections.add(source_population=1, target=0) for _ in range(7)]
                + [setattr(c.populations[1], "size", geometry.neuron_circuits - 8), setattr(c, "input_count", 32)]
            ),
            lambda c: (
                [setattr(c.populations[0], "size", geometry.neuron_circuits - 3)]
                + [c.projections.add(source_population=0, target=1) for _ in range(2)]
            ),
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


class FramedDeviceTests(DeviceTests):
    """The same on a link that keeps frames apart."""

    framed = True


class SmallDeviceTests(DeviceTests):
    """The same with the sizes of a microcontroller."""

    build = "bench-small.so"


class DribblingDeviceTests(DeviceTests):
    """The same with frames of 2 KiB that come and go 7 bytes at a time."""

    build, piece, frame = "bench-small.so", 7, 2048


if __name__ == "__main__":
    unittest.main()
