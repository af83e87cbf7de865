"""Weight blocks (SPEC section 7.3)."""

import struct
from dataclasses import dataclass

from .crc32c import crc32c
from .reader import Reader
from .status import Status, WireError

FULL, DELTA = 1, 2


def image_bytes(codes):
    """Weight codes as signed bytes, one each."""
    return struct.pack(f"<{len(codes)}b", *codes)


def image_crc(codes):
    """The CRC32C that names an image."""
    return crc32c(image_bytes(codes))


@dataclass(frozen=True)
class WeightBlock:
    """A full image, or the changes of one. `changes` maps synapses to codes; for a full image it holds all of them."""

    encoding: int
    synapses: int
    base_epoch: int
    epoch: int
    crc: int
    changes: dict

    @classmethod
    def full(cls, codes, epoch):
        """A block with all codes."""
        return cls(FULL, len(codes), 0, epoch, image_crc(codes), dict(enumerate(codes)))

    @classmethod
    def delta(cls, former, base_epoch, codes, epoch):
        """A block with the codes that differ from the former image's."""
        changes = {index: new for index, (old, new) in enumerate(zip(former, codes, strict=True)) if old != new}
        return cls(DELTA, len(codes), base_epoch, epoch, image_crc(codes), changes)

    def encoded(self):
        """The bytes of section 7.3."""
        marked = sorted(self.changes)
        header = struct.pack(
            "<IIIIIIQ", self.encoding, self.synapses, self.base_epoch, self.epoch, self.crc, len(marked), 0
        )
        bitmap = bytearray() if self.encoding == FULL else bytearray((self.synapses + 7) // 8)
        if self.encoding == DELTA:
            for synapse in marked:
                bitmap[synapse // 8] |= 1 << synapse % 8
        return header + bytes(bitmap) + image_bytes([self.changes[synapse] for synapse in marked])

    @classmethod
    def decode(cls, data, synapses=None, weight_limit=None):
        """A block; `synapses` is the configuration's number, `weight_limit` the chip's. Raises WireError."""
        reader = Reader(data)
        encoding, its_synapses, base, epoch, crc, count = reader.fields("IIIIII")
        reader.zeros(8)
        if encoding not in (FULL, DELTA):
            raise WireError(Status.MALFORMED, f"encoding {encoding}", 0)
        if synapses is not None and its_synapses != synapses:
            status = Status.TOO_LARGE if its_synapses > synapses else Status.INVALID
            raise WireError(status, f"{its_synapses} synapses, the configuration has {synapses}", 4)
        if encoding == FULL:
            if base:
                raise WireError(Status.MALFORMED, f"a full image with base epoch {base}", 8)
            if count != its_synapses:
                raise WireError(Status.MALFORMED, f"{count} codes in a full image of {its_synapses}", 20)
            marked = range(its_synapses)
        else:
            if count > its_synapses:
                raise WireError(Status.TOO_LARGE, f"{count} codes for {its_synapses} synapses", 20)
            marked = cls._marked(reader.bytes((its_synapses + 7) // 8), its_synapses, count)
        codes_at = reader.offset
        codes = struct.unpack(f"<{count}b", reader.bytes(count))
        reader.end()
        for index, code in enumerate(codes):
            if weight_limit is not None and abs(code) > weight_limit:
                raise WireError(Status.MALFORMED, f"code {code}, the limit is {weight_limit}", codes_at + index)
        if encoding == FULL and image_crc(codes) != crc:
            raise WireError(Status.EPOCH_MISMATCH, "the image's checksum is another", 16)
        return cls(encoding, its_synapses, base, epoch, crc, dict(zip(marked, codes)))

    @staticmethod
    def _marked(bitmap, synapses, count):
        spare = -synapses % 8
        if spare and bitmap[-1] >> (8 - spare):
            raise WireError(Status.MALFORMED, "a spare bit is set", 32 + len(bitmap) - 1)
        marked = [index for index in range(synapses) if bitmap[index // 8] >> index % 8 & 1]
        if len(marked) != count:
            raise WireError(Status.MALFORMED, f"{len(marked)} synapses are marked, {count} codes travel", 20)
        return marked

    def image(self, current, current_epoch):
        """The resulting image. Raises EPOCH_MISMATCH (WGT-002)."""
        if self.encoding == FULL:
            return [self.changes[index] for index in range(self.synapses)]
        if current is None or self.base_epoch != current_epoch:
            raise WireError(Status.EPOCH_MISMATCH, f"base epoch {self.base_epoch}, current is {current_epoch}", 8)
        image = list(current)
        for synapse, code in self.changes.items():
            image[synapse] = code
        if image_crc(image) != self.crc:
            raise WireError(Status.EPOCH_MISMATCH, "the resulting image's checksum is another", 16)
        return image
