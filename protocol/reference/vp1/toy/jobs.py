"""Batches that the toy device holds (SPEC section 10.5)."""

from dataclasses import dataclass, field

from ..control import pb
from ..results import ResultChunk, Samples, chunk_crc
from ..spikes import SpikeBlock


@dataclass(eq=False)
class Job:
    """An accepted batch with all that it needs: later configurations and images do not touch it."""

    session: object
    execute: pb.Execute
    network: object
    image: list
    inputs: SpikeBlock
    request: int
    first_request: int
    largest_message: int
    # The link on which EXECUTE waits for its final response.
    waiting: object
    state: int = pb.BATCH_STATE_QUEUED
    entries: list = field(default_factory=list)
    chunks: list = field(default_factory=list)
    done: bytes = b""
    wall: float = 0.0
    wires: list = None

    def work(self, clock):
        """Runs the next entry; true when the last one is through."""
        began = clock()
        self.state = pb.BATCH_STATE_RUNNING
        if self.wires is None:
            self.wires = self.network.wiring(self.image)
        if len(self.entries) < len(self.inputs.entries):
            events = self.inputs.entries[len(self.entries)]
            self.entries.append(self.network.entry(self.wires, events, self.execute.observables))
        through = len(self.entries) == len(self.inputs.entries)
        self.wall += clock() - began
        if through:
            self._finish()
        return through

    def _finish(self):
        execute = self.execute
        count = len(self.entries)
        size = execute.chunk_entries or 1
        self.chunks = [
            self._chunk(number, first, self.entries[first : first + size])
            for number, first in enumerate(range(0, max(count, 1), size))
        ]
        costs = self.network.costs(
            count, sum(map(len, self.inputs.entries)), sum(len(spikes) for spikes, _ in self.entries), self.wall
        )
        self.done = pb.Done(
            batch=execute.batch,
            attempt=execute.attempt,
            entries=count,
            chunks=len(self.chunks),
            chunk_crc=chunk_crc(self.chunks),
            costs=costs.encoded(),
            configuration_hash=execute.configuration_hash,
            image_crc=execute.image_crc,
            content_hash=execute.content_hash,
        ).SerializeToString(deterministic=True)
        self.entries = []
        self.state = pb.BATCH_STATE_DONE

    def _chunk(self, number, first, entries):
        observables, wanted = self.execute.observables, self.network.configuration
        spikes = samples = None
        if observables.spikes:
            spikes = SpikeBlock(self.network.neurons, wanted.window, tuple(tuple(events) for events, _ in entries))
        if observables.membrane_count and wanted.sample_count:
            codes = b"".join(codes for _, codes in entries)
            samples = Samples(
                observables.first_membrane, observables.membrane_count, wanted.sample_count, wanted.sample_period, codes
            )
        return ResultChunk(self.execute.batch, number, first, bytes(len(entries)), spikes, samples).encoded()
