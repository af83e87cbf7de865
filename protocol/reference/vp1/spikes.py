"""Spike blocks, AER32 (SPEC section 7.1), and stage blocks (7.2)."""

import struct
from dataclasses import dataclass

from .reader import Reader
from .status import Status, WireError

AER32 = 1
TICK_PS = 8000


@dataclass(frozen=True)
class SpikeBlock:
    """Events of a batch: for each entry a list of (tick, unit), sorted."""

    units: int
    window: int
    entries: tuple

    def encoded(self):
        """The bytes of section 7.1."""
        events = [event for entry in self.entries for event in entry]
        ends, end = [], 0
        for entry in self.entries:
            end += len(entry)
            ends.append(end)
        header = struct.pack("<HHIIIIIQ", AER32, 0, self.units, TICK_PS, self.window, len(self.entries), len(events), 0)
        return (
            header
            + struct.pack(f"<{len(ends)}I", *ends)
            + b"".join(struct.pack("<HH", tick, unit) for tick, unit in events)
        )

    @classmethod
    def read(cls, reader, units=None, window=None):
        """A block from a reader; `units` and `window` are those of the configuration. Raises WireError (SPK-004)."""
        start = reader.offset

        def refuse(detail, offset):
            raise WireError(Status.MALFORMED, detail, offset)

        (encoding,) = reader.fields("H")
        if encoding != AER32:
            refuse(f"encoding {encoding}", start)
        reader.zeros(2)
        its_units, tick, its_window, entry_count, event_count = reader.fields("IIIII")
        reader.zeros(8)
        if tick != TICK_PS:
            refuse(f"a tick of {tick} ps", start + 8)
        if units is not None and its_units != units:
            refuse(f"{its_units} units, the configuration has {units}", start + 4)
        if window is not None and its_window != window:
            refuse(f"a window of {its_window}, the configuration has {window}", start + 12)
        ends_at = reader.offset
        ends = struct.unpack(f"<{entry_count}I", reader.bytes(4 * entry_count))
        events_at = reader.offset
        words = struct.unpack(f"<{2 * event_count}H", reader.bytes(4 * event_count))
        events = list(zip(words[0::2], words[1::2]))
        entries, begin = [], 0
        for index, end in enumerate(ends):
            if end < begin or end > event_count:
                refuse(f"entry {index} ends at event {end}, after {begin} of {event_count}", ends_at + 4 * index)
            entry = events[begin:end]
            for number, event in enumerate(entry, begin):
                if event[0] >= its_window:
                    refuse(f"tick {event[0]} in a window of {its_window}", events_at + 4 * number)
                if event[1] >= its_units:
                    refuse(f"unit {event[1]} of {its_units}", events_at + 4 * number)
                if number > begin and event <= events[number - 1]:
                    refuse(f"event {number} is not after its predecessor", events_at + 4 * number)
            entries.append(tuple(entry))
            begin = end
        if begin != event_count:
            refuse(f"the entries end at event {begin} of {event_count}", ends_at + 4 * max(entry_count - 1, 0))
        return cls(its_units, its_window, tuple(entries))

    @classmethod
    def decode(cls, data, units=None, window=None):
        """A block from all of its bytes. Raises WireError."""
        reader = Reader(data)
        block = cls.read(reader, units, window)
        reader.end()
        return block


@dataclass(frozen=True)
class StageBlock:
    """Inputs for a slot."""

    slot: int
    spikes: SpikeBlock

    def encoded(self):
        """The bytes of section 7.2."""
        return struct.pack("<II", self.slot, 0) + self.spikes.encoded()

    @classmethod
    def decode(cls, data, units=None, window=None, slots=None):
        """A stage block; `slots` is their number. Raises WireError."""
        reader = Reader(data)
        (slot,) = reader.fields("I")
        reader.zeros(4)
        if slots is not None and slot >= slots:
            raise WireError(Status.TOO_LARGE, f"slot {slot} of {slots}", 0)
        spikes = SpikeBlock.read(reader, units, window)
        reader.end()
        return cls(slot, spikes)
