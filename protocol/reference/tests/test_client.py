"""The client against the toy device, over ZeroMQ and through a proxy that misbehaves."""

import os
import signal
import subprocess
import sys
import threading
import unittest
from pathlib import Path

import zmq

from vp1 import network
from vp1.client import Client
from vp1.control import pb
from vp1.frames import Type
from vp1.session import LinkLost, Refused, Session
from vp1.status import Status

REFERENCE = Path(__file__).parents[1]


class ToyProcess:
    """`python -m vp1 serve` as a process of its own."""

    def __init__(self, listen="tcp://127.0.0.1:0"):
        self.process = subprocess.Popen(
            [sys.executable, "-m", "vp1", "serve", "--listen", listen], cwd=REFERENCE, stdout=subprocess.PIPE, text=True
        )
        line = self.process.stdout.readline()
        self.address = line.split()[3].removeprefix("zmq+")

    def stop(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        self.process.stdout.close()
        return self.process.wait(10)


class Proxy:
    """Carries frames between one host and a device; `damage(direction, number, frame)` gives the frames to pass on."""

    def __init__(self, device, damage):
        self.context = zmq.Context.instance()
        self.host_side = self.context.socket(zmq.ROUTER)
        self.address = f"tcp://127.0.0.1:{self.host_side.bind_to_random_port('tcp://127.0.0.1')}"
        self.device = device
        self.damage = damage
        self.dealers = {}
        self.counts = {"up": 0, "down": 0}
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._carry, daemon=True)
        self.thread.start()

    def _carry(self):
        while not self.over.is_set():
            if self.host_side.poll(2):
                identity, frame = self.host_side.recv_multipart()
                if identity not in self.dealers:
                    dealer = self.dealers[identity] = self.context.socket(zmq.DEALER)
                    dealer.linger = 0
                    dealer.connect(self.device)
                for passed in self._passed("up", frame):
                    self.dealers[identity].send(passed)
            for identity, dealer in self.dealers.items():
                while dealer.poll(0):
                    for passed in self._passed("down", dealer.recv()):
                        self.host_side.send_multipart([identity, passed])
        for socket in (self.host_side, *self.dealers.values()):
            socket.close(0)

    def _passed(self, direction, frame):
        number = self.counts[direction]
        self.counts[direction] += 1
        return self.damage(direction, number, frame)

    def stop(self):
        self.over.set()
        self.thread.join()


class ClientTests(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.toy = ToyProcess()

    @classmethod
    def tearDownClass(cls):
        cls.toy.stop()

    def client(self, address=None, **arguments):
        return Client(address or self.toy.address, patience=10, **arguments)

    def test_a_batch_gives_the_same_result_each_time_and_spikes(self):
        with self.client() as client:
            first = client.run(network.batch(1, 3))
            again = client.run(network.batch(2, 3))
            other = client.run(network.batch(3, 3, seed=2))
        self.assertGreater(first.costs.delivered, 0)
        self.assertEqual(first.spikes, again.spikes)
        self.assertNotEqual(first.spikes, other.spikes)
        self.assertEqual(len(first.validity), 3)
        self.assertEqual(first.costs.delivered, sum(map(len, first.spikes)))

    def test_weights_that_change_travel_as_a_delta_and_give_what_a_full_image_gives(self):
        changed = network.batch(2, 2)
        changed.weights[3] = -60
        with self.client() as client:
            client.run(network.batch(1, 2))
            by_delta = client.run(changed)
        with self.client() as client:
            in_full = client.run(changed)
        self.assertEqual(by_delta.spikes, in_full.spikes)
        self.assertNotEqual(by_delta.spikes, [])

    def test_chunks_join_to_the_whole(self):
        with self.client() as client:
            whole = client.run(network.batch(1, 7))
            split = network.batch(2, 7)
            split.chunk_entries = 3
            chunked = client.run(split)
        self.assertEqual([len(chunk.validity) for chunk in chunked.chunks], [3, 3, 1])
        self.assertEqual(chunked.spikes, whole.spikes)

    def test_a_batch_without_entries_has_one_empty_chunk(self):
        with self.client() as client:
            result = client.run(network.batch(1, 0))
        self.assertEqual([chunk.validity for chunk in result.chunks], [b""])

    def test_results_larger_than_the_credit_arrive_as_it_is_renewed(self):
        with self.client(credit=4096) as client:
            batch = network.batch(1, 60)
            batch.chunk_entries = 4
            result = client.run(batch)
            received = client.session._received_bytes
        self.assertEqual(len(result.validity), 60)
        self.assertGreater(received, 4096)

    def test_the_lease_has_one_holder_and_the_other_is_told_who(self):
        with self.client(label="first") as first, Session(self.toy.address, label="second") as second:
            first.run(network.batch(1, 1))
            with self.assertRaises(Refused) as caught:
                second.acquire()
            self.assertEqual(caught.exception.status, Status.LEASE_HELD)
            self.assertEqual(caught.exception.fault.holder.label, "first")
            first.session.release()
            second.acquire()
            with self.assertRaises(Refused) as caught:
                first.session.ask(Type.RENEW, token=first.session.lease_ttl and 1)
            self.assertEqual(caught.exception.status, Status.FENCED)

    def test_refusals_name_the_status(self):
        with self.client() as client:
            session = client.session
            session.acquire()
            cases = [
                (Type.CONFIGURE, b"\xff", Status.MALFORMED),
                (Type.CONFIGURE, pb.Configure(), Status.INVALID),
                (Type.COMMIT, pb.Commit(epoch=9), Status.EPOCH_MISMATCH),
                (Type.EXECUTE, pb.Execute(batch=77), Status.FORGOTTEN),
                (Type.EXECUTE, pb.Execute(batch=77, slot=0), Status.INVALID),
            ]
            for type, payload, status in cases:
                with self.subTest(type=type.name), self.assertRaises(Refused) as caught:
                    session.ask(type, payload, token=session.token)
                self.assertEqual(caught.exception.status, status)
            session.ping()

    def test_cancelling_what_is_unknown_says_cancelled(self):
        with self.client() as client:
            self.assertEqual(client.cancel(12345), pb.BATCH_STATE_CANCELLED)

    def test_each_damaged_or_repeated_frame_still_gives_exactly_one_right_result(self):
        with self.client() as client:
            expected = client.run(network.batch(1, 2)).spikes

        def flipped(frame):
            return frame[:20] + bytes([frame[20] ^ 1]) + frame[21:]

        faults = {
            "up-damaged": ("up", lambda frame: [flipped(frame)]),
            "down-damaged": ("down", lambda frame: [flipped(frame)]),
            "up-twice": ("up", lambda frame: [frame, frame]),
            "down-twice": ("down", lambda frame: [frame, frame]),
        }
        for name, (where, change) in faults.items():
            for at in range(2, 9):
                with self.subTest(fault=name, frame=at):

                    def damage(direction, number, frame, where=where, at=at, change=change):
                        return change(frame) if (direction, number) == (where, at) else [frame]

                    proxy = Proxy(self.toy.address, damage)
                    try:
                        with self.client(proxy.address) as client:
                            self.assertEqual(client.run(network.batch(1, 2)).spikes, expected)
                    finally:
                        proxy.stop()

    def test_a_frame_that_gets_lost_is_seen_as_a_gap_and_the_result_is_fetched_not_run_again(self):
        lost = []

        def damage(direction, number, frame):
            if direction == "down" and frame[6] == Type.DONE and not lost:
                lost.append(frame)
                return []
            return [frame]

        proxy = Proxy(self.toy.address, damage)
        try:
            with self.client(proxy.address) as client:
                before = client.session.health().jobs_executed
                result = client.run(network.batch(1, 2))
                after = client.session.health().jobs_executed
        finally:
            proxy.stop()
        self.assertEqual(len(lost), 1)
        self.assertTrue(result.duplicate)
        self.assertEqual(after - before, 1)

    def test_the_same_batch_goes_on_after_a_restart_of_the_device(self):
        toy = ToyProcess()
        try:
            with Client(toy.address, patience=20) as client:
                first = client.run(network.batch(1, 2))
                boot = client.session.boot
                toy.stop(signal.SIGKILL)
                toy = ToyProcess(toy.address)
                again = client.run(network.batch(2, 2))
                self.assertEqual(first.spikes, again.spikes)
                self.assertNotEqual(client.session.boot, boot)
        finally:
            self.assertEqual(toy.stop(), 0)

    def test_nobody_there_is_told_after_the_patience(self):
        with self.assertRaises(LinkLost):
            Session("tcp://127.0.0.1:1").open()


@unittest.skipUnless(os.environ.get("VOLLEYD"), "VOLLEYD does not name the daemon")
class DaemonTests(unittest.TestCase):
    def test_batches_run_on_the_daemon(self):
        command = [os.environ["VOLLEYD"], "--listen", "tcp://127.0.0.1:0", "--exit-with-parent"]
        daemon = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        try:
            address = daemon.stdout.readline().split()[3]
            with Client(address) as client:
                results = [client.run(network.batch(number, 2)) for number in (1, 2)]
                self.assertTrue(all(result.costs.delivered for result in results))
                self.assertGreater(client.run(network.batch(3, 2, seed=5)).costs.delivered, 0)
        finally:
            daemon.stdin.close()
            daemon.stdout.close()
            self.assertEqual(daemon.wait(10), 0)


if __name__ == "__main__":
    unittest.main()
