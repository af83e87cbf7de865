"""Batches by ctypes, as hosts see them: results, exactly once, CANCEL and ACK, credit; exact status codes."""

import unittest

from vp1 import control, network
from vp1.control import pb
from vp1.frames import Flag, Type
from vp1.results import Costs
from vp1.status import Status

import tiny
from cases import DeviceCase
from host import Host, inputs_of


class BatchTests(DeviceCase):
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
        """The response to one event in closed form: gain w t / tau exp(-t / tau) for equal time constants."""
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

    def test_targets_without_effect_may_be_anything(self):
        """Found by the fuzzer: a readout's threshold reached the chip unchecked; the checked build sees it."""
        host, batch = self.holder(), network.batch(4, 1)
        expected = tiny.entry(batch.configuration, batch.weights, batch.inputs.entries[0], batch.observables)
        targets = batch.configuration.populations[1].targets
        targets.reset, targets.threshold, targets.refractory = 1e300, float("nan"), float("-inf")
        host.submit(batch, host.prepare(batch))
        self.device.work()
        ((_, chunks),) = self.done(host)
        self.assertEqual((chunks[0].spikes.entries[0], chunks[0].samples.codes), expected)

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


class FramedBatchTests(BatchTests):
    """The same on a link that keeps frames apart."""

    framed = True


class SmallBatchTests(BatchTests):
    """The same with the sizes of a microcontroller."""

    build = "bench-small.so"


class DribblingBatchTests(BatchTests):
    """The same with frames of 2 KiB that come and go 7 bytes at a time."""

    build, piece, frame = "bench-small.so", 7, 2048


if __name__ == "__main__":
    unittest.main()
