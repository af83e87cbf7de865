"""`volley-board` over its input and output, with the unchanged Python client at the other end."""

import os
import random
import signal
import struct
import subprocess
import time
import unittest

from vp1 import network
from vp1.client import Client
from vp1.control import pb
from vp1.frames import Type
from vp1.link import Sender
from vp1.session import Session
from vp1.status import Status

import tiny
from bench import FOLDER
from streams import Board, over_pipes

# Both builds do the same; the checked one stops at the first wrong byte.
PROGRAMS = ("volley-board", "volley-board-checked")


class BoardTests(unittest.TestCase):
    def programs(self):
        """Each build in turn, as a command."""
        for name in PROGRAMS:
            with self.subTest(name):
                yield [str(FOLDER / name), "--serial", "42"]

    def test_batches_are_those_of_the_model_in_every_run(self):
        for command in self.programs():
            with over_pipes(command) as boards:
                with Client("exec:board") as client:
                    self.assertEqual(client.description.serial, 42)
                    for number in (1, 2, 3):
                        batch = network.batch(number, 7, seed=number)
                        batch.chunk_entries = number
                        result = client.run(batch)
                        expected = [
                            tiny.entry(batch.configuration, batch.weights, events, batch.observables)
                            for events in batch.inputs.entries
                        ]
                        self.assertEqual(result.spikes, [spikes for spikes, _ in expected])
                        codes = b"".join(chunk.samples.codes for chunk in result.chunks)
                        self.assertEqual(codes, b"".join(part for _, part in expected))
                        self.assertEqual(len(result.chunks), -(-7 // number))
                self.assertEqual([board.process.returncode for board in boards], [0])

    def test_a_network_of_the_size_of_yin_yang_runs_in_batches_of_100(self):
        batch = network.batch(1, 100)
        targets = batch.configuration.populations[0].targets
        batch.configuration.input_count = 25
        batch.configuration.populations[0].size, batch.configuration.populations[1].size = 120, 3
        batch.configuration.window, batch.configuration.sample_count, batch.configuration.sample_period = 4250, 20, 212
        source = random.Random(3)
        batch.weights = [source.randint(-63, 63) for _ in range(25 * 120 + 120 * 3)]
        events = lambda: tuple(sorted((source.randrange(4250), unit) for unit in range(25)))  # noqa: E731
        batch.inputs = type(batch.inputs)(25, 4250, tuple(events() for _ in range(100)))
        batch.observables.membrane_count = 123
        self.assertEqual(targets.tau_mem, 6)
        with over_pipes([str(FOLDER / "volley-board")]), Client("exec:board") as client:
            result = client.run(batch)
        spikes, codes = tiny.entry(batch.configuration, batch.weights, batch.inputs.entries[99], batch.observables)
        self.assertEqual(result.spikes[99], spikes)
        self.assertEqual(b"".join(chunk.samples.codes for chunk in result.chunks)[-len(codes) :], codes)

    def test_a_board_that_is_killed_loses_no_batch(self):
        source = random.Random(5)
        for command in self.programs():
            with over_pipes(command) as boards, Client("exec:board", patience=20) as client:
                for number in range(1, 9):
                    batch = network.batch(number, 3, seed=number)
                    if number % 2 == 0:
                        boards[-1].process.send_signal(signal.SIGKILL)
                        time.sleep(source.random() / 50)
                    result = client.run(batch)
                    spikes, _ = tiny.entry(
                        batch.configuration, batch.weights, batch.inputs.entries[2], batch.observables
                    )
                    self.assertEqual(result.spikes[2], spikes)
                self.assertEqual(len(boards), 5)

    def test_an_error_is_the_last_frame_and_ends_the_program(self):
        for command in self.programs():
            board = Board(command)
            board.send(bytes(100))
            self.assertTrue(board.poll(2000))
            ((frame,)) = board.recv_multipart()
            self.assertEqual((frame[6], struct.unpack_from("<H", frame, 44)[0]), (Type.ERROR, Status.BAD_MAGIC))
            self.assertEqual(board.process.wait(2), 1)
            board.close()

    def test_the_end_of_the_input_ends_the_program(self):
        for command in self.programs():
            for cut in (0, 1, 63, 64, 80):
                board = Board(command)
                frame = Sender().frames(Type.HELLO, b"x" * 30, request=1)[0]
                board.send(frame[:cut])
                self.assertEqual(board.close(), 0)

    def test_a_host_that_stops_reading_does_not_make_it_grow_or_hang(self):
        for command in self.programs():
            with over_pipes(command) as boards:
                session = Session("exec:board", credit=1 << 30).open()
                before = self.memory(boards[0])
                # More answers than the pipe holds: the board stops reading until they are taken.
                frames = [
                    session._sender.frames(Type.DESCRIBE, session=session.id, request=10 + number)[0]
                    for number in range(3000)
                ]
                for frame in frames:
                    try:
                        os.write(boards[0].process.stdin.fileno(), frame)
                    except BlockingIOError:
                        break
                time.sleep(0.2)
                self.assertLess(self.memory(boards[0]) - before, 1 << 20)
                self.assertTrue(boards[0].poll(1000))
                boards[0].process.send_signal(signal.SIGKILL)
                boards[0].close()

    @staticmethod
    def memory(board):
        """Resident bytes of the program."""
        with open(f"/proc/{board.process.pid}/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE")

    def test_a_termination_says_goodbye(self):
        for command in self.programs():
            with over_pipes(command) as boards:
                session = Session("exec:board").open()
                boards[0].process.send_signal(signal.SIGTERM)
                deadline = time.monotonic() + 2
                while not session.going_away and time.monotonic() < deadline:
                    session._pump()
                self.assertTrue(session.going_away)
                self.assertEqual(boards[0].process.wait(2), 0)
                boards[0].close()

    def test_random_input_never_breaks_a_check(self):
        seed = int(os.environ.get("VOLLEY_SEED", "11"))
        source = random.Random(seed)
        hello = Sender().frames(
            Type.HELLO,
            pb.Hello(
                versions=pb.Versions(lowest_major=1, highest_major=1),
                limits=pb.Limits(frame_payload=4096, message=4096, control_payload=4096, slots=1, results_kept=1),
                nonce=bytes(16),
            ).SerializeToString(),
            request=1,
        )[0]
        for trial in range(40):
            with self.subTest(seed=seed, trial=trial):
                board = Board([str(FOLDER / "volley-board-checked")])
                data = bytearray(hello + source.randbytes(source.randrange(200)))
                data[source.randrange(len(data))] ^= 1 << source.randrange(8)
                board.send(bytes(data))
                self.assertIn(board.close(), (0, 1))

    def test_wrong_use_is_explained(self):
        for arguments in (["--help"], ["--serial"], ["--serial", "x"]):
            board = Board([str(FOLDER / "volley-board"), *arguments], stderr=subprocess.PIPE)
            self.assertEqual(board.process.wait(2), 2)
            self.assertIn(b"usage: volley-board", board.process.stderr.read())
            board.process.stderr.close()
            board.close()


if __name__ == "__main__":
    unittest.main()
