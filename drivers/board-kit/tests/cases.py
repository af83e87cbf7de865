"""What the tests of the device by ctypes share."""

import unittest

from vp1 import control
from vp1.control import pb
from vp1.frames import Type
from vp1.results import Costs, ResultChunk, chunk_crc

from bench import Device
from host import Host


class DeviceCase(unittest.TestCase):
    """A device, and how its link is: the build, frames or a stream, in pieces of how many bytes, of what size."""

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
