"""The codec against all that is frozen."""

import unittest

from vp1 import control
from vp1.frames import Flag, Type, decode_frame
from vp1.hashes import configuration_hash, content_hash
from vp1.results import Costs, ResultChunk, chunk_crc
from vp1.spikes import StageBlock
from vp1.status import Status, WireError
from vp1.vectors import files
from vp1.weights import WeightBlock


def frames_of(name):
    """(sender, type word, bytes) of each line of a text file of frames."""
    lines = (files.FOLDER / name).read_text(encoding="utf-8").splitlines()
    return [(who, word, bytes.fromhex(data)) for who, word, data in (line.split() for line in lines if line[:1] != "#")]


class VectorTests(unittest.TestCase):
    def test_each_vector_is_treated_as_stated(self):
        self.assertEqual(files.failures(), [])

    def test_the_tool_writes_the_frozen_files(self):
        collector = files.collect()
        for verdict in files.VERDICTS:
            frozen = (files.FOLDER / f"{verdict}.jsonl").read_text(encoding="utf-8")
            self.assertEqual(collector.text(verdict), frozen, f"{verdict}.jsonl is not what the tool writes")

    def test_there_are_enough_and_each_invalid_one_names_trap_and_status(self):
        counts = {verdict: len(files.load(verdict)) for verdict in files.VERDICTS}
        self.assertGreaterEqual(sum(counts.values()), 400)
        for verdict in ("invalid", "acceptable"):
            for vector in files.load(verdict):
                self.assertTrue(vector["trap"], vector["id"])
                self.assertIn(vector["status"], Status.__members__, vector["id"])

    def test_a_wrong_expectation_is_found(self):
        for verdict, changes in (("invalid", {"status": "BUSY"}), ("invalid", {"bytes": "00"})):
            vector = {**files.load(verdict)[0], **changes}
            self.assertIsNotNone(files.check(vector, verdict))
        self.assertIsNotNone(files.check(files.load("invalid")[0], "valid"))
        self.assertIsNotNone(files.check(files.load("valid")[20], "invalid"))


class FrozenExchangeTests(unittest.TestCase):
    """exchange.txt and requests.txt decode, and encode to the same bytes."""

    def test_frames_and_payloads_are_reencoded_equal(self):
        for name in ("exchange.txt", "requests.txt"):
            for who, word, data in frames_of(name):
                with self.subTest(file=name, sender=who, type=word, frame=data[:64].hex()):
                    try:
                        frame = decode_frame(data)
                    except WireError as error:
                        # The last request of requests.txt is damaged on purpose.
                        self.assertEqual((name, word, error.status), ("requests.txt", "credit", Status.BAD_PAYLOAD_CRC))
                        continue
                    self.assertEqual(frame.encoded(), data)
                    self.assertEqual(Type(frame.header.type).name.lower(), word.lower())
                    self.assertEqual(self.reencoded(frame), frame.payload)

    @staticmethod
    def reencoded(frame):
        header, payload = frame.header, frame.payload
        response = header.flags & Flag.RESPONSE
        if header.status:
            return control.encode(control.parse(control.pb.Fault, payload))
        block = {Type.STAGE: StageBlock, Type.WEIGHTS: WeightBlock, Type.RESULT: ResultChunk}.get(header.type)
        if block and payload:
            return block.decode(payload).encoded()
        kind = (control.RESPONSES if response else control.REQUESTS).get(header.type)
        return control.encode(control.parse(kind, payload)) if kind else b""

    def test_hashes_and_checksums_of_the_exchange_agree(self):
        configuration = stage = execute = None
        chunks, checked = [], 0
        for who, _, data in frames_of("exchange.txt"):
            header, payload = decode_frame(data).header, decode_frame(data).payload
            if who == "host" and header.type == Type.CONFIGURE:
                configuration = configuration_hash(payload)
            elif who == "host" and header.type == Type.STAGE:
                stage = payload
            elif who == "host" and header.type == Type.EXECUTE:
                execute, chunks = control.parse(control.pb.Execute, payload), []
                self.assertEqual(execute.configuration_hash, configuration)
                expected = content_hash(configuration, execute.image_crc, execute.observables, stage[8:])
                self.assertEqual(execute.content_hash, expected)
            elif header.type == Type.RESULT:
                chunks.append(payload)
            elif header.type == Type.DONE:
                done = control.parse(control.pb.Done, payload)
                self.assertEqual(done.chunk_crc, chunk_crc(chunks))
                self.assertEqual(done.content_hash, execute.content_hash)
                Costs.decode(done.costs)
                checked += 1
        self.assertEqual(checked, 2)


if __name__ == "__main__":
    unittest.main()
