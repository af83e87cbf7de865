"""Result chunks (SPEC section 7.4) and costs blocks (7.5)."""

import struct
from dataclasses import dataclass, fields

from .crc32c import crc32c
from .reader import Reader
from .spikes import SpikeBlock
from .status import Status, WireError

SPIKES, CADC = 1, 2
_VALIDITY_BITS = 0x0F


@dataclass(frozen=True)
class Samples:
    """CADC codes `[entry, sample, column]`, a byte each."""

    first_column: int
    columns: int
    samples: int
    period: int
    codes: bytes


@dataclass(frozen=True)
class ResultChunk:
    """A run of entries of a result. `spikes` and `samples` are None where they were not asked for."""

    batch: int
    number: int
    first_entry: int
    validity: bytes
    spikes: SpikeBlock | None = None
    samples: Samples | None = None

    def encoded(self):
        """The bytes of section 7.4."""
        contents = (SPIKES if self.spikes else 0) | (CADC if self.samples else 0)
        data = struct.pack("<QIIIIQ", self.batch, self.number, self.first_entry, len(self.validity), contents, 0)
        data += self.validity + bytes(-len(self.validity) % 4)
        if self.spikes:
            data += self.spikes.encoded()
        if self.samples:
            grid = self.samples
            data += struct.pack("<IIII", grid.first_column, grid.columns, grid.samples, grid.period) + grid.codes
        return data

    @classmethod
    def decode(cls, data, units=None, window=None):
        """A chunk from all of its bytes; `units` and `window` are those of the configuration. Raises WireError."""
        reader = Reader(data)
        batch, number, first, entries, contents = reader.fields("QIIII")
        reader.zeros(8)
        if contents & ~(SPIKES | CADC):
            raise WireError(Status.RESERVED_NONZERO, f"contents {contents:#x}", 20)
        validity = bytes(reader.bytes(entries))
        for index, bits in enumerate(validity):
            if bits & ~_VALIDITY_BITS:
                raise WireError(Status.RESERVED_NONZERO, f"validity {bits:#04x} of entry {index}", 32 + index)
        padding_at = reader.offset
        if any(reader.bytes(-entries % 4)):
            raise WireError(Status.MALFORMED, "the padding is not zero", padding_at)
        spikes = samples = None
        if contents & SPIKES:
            spikes_at = reader.offset
            spikes = SpikeBlock.read(reader, units, window)
            if len(spikes.entries) != entries:
                raise WireError(Status.MALFORMED, f"{len(spikes.entries)} of {entries} entries", spikes_at + 16)
        if contents & CADC:
            grid = reader.fields("IIII")
            samples = Samples(*grid, bytes(reader.bytes(entries * grid[2] * grid[1])))
        reader.end()
        return cls(batch, number, first, validity, spikes, samples)


def chunk_crc(payloads):
    """The CRC32C over the CRC32Cs of the chunks' payloads (RES-002)."""
    return crc32c(b"".join(struct.pack("<I", crc32c(payload)) for payload in payloads))


_COSTS = struct.Struct("<8Q9d")


@dataclass(frozen=True)
class Costs:
    """Counts of events, then seconds and joules."""

    offered: int = 0
    accepted: int = 0
    dropped_by_input_link: int = 0
    dropped_by_drivers: int = 0
    produced: int = 0
    delivered: int = 0
    dropped_by_arbitration: int = 0
    dropped_by_output_link: int = 0
    configuration_seconds: float = 0.0
    weights_seconds: float = 0.0
    windows_seconds: float = 0.0
    gaps_seconds: float = 0.0
    readback_seconds: float = 0.0
    static_joules: float = 0.0
    events_joules: float = 0.0
    samples_joules: float = 0.0
    wall_seconds: float = 0.0

    def encoded(self):
        """The 136 bytes of section 7.5."""
        return _COSTS.pack(*self.values())

    def values(self):
        """The numbers in the order of the wire."""
        return [getattr(self, name.name) for name in fields(self)]

    def __add__(self, other):
        return Costs(*(mine + theirs for mine, theirs in zip(self.values(), other.values())))

    @property
    def is_balanced(self):
        """Whether no event has got lost without a word (CST-001)."""
        return (
            self.offered == self.accepted + self.dropped_by_input_link + self.dropped_by_drivers
            and self.produced == self.delivered + self.dropped_by_arbitration + self.dropped_by_output_link
        )

    @classmethod
    def decode(cls, data):
        """A block from its bytes. Raises MALFORMED for another length and where the counts do not add up."""
        if len(data) != _COSTS.size:
            raise WireError(Status.MALFORMED, f"a costs block of {len(data)} bytes", min(len(data), _COSTS.size))
        costs = cls(*_COSTS.unpack(data))
        if not costs.is_balanced:
            raise WireError(Status.MALFORMED, "the counts of events do not add up", 0)
        return costs
