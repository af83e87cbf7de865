"""Little-endian reading with checks."""

import struct

from .status import Status, WireError


class Reader:
    """Reads fields of a block one after the other. Raises MALFORMED where bytes are missing or left over."""

    def __init__(self, data, start=0):
        self.data = data
        self.offset = start

    def fields(self, layout):
        """The fields of a struct layout (without the byte order), as a tuple."""
        layout = "<" + layout
        return struct.unpack(layout, self.bytes(struct.calcsize(layout)))

    def bytes(self, count):
        """The next bytes; nothing is copied or allocated before the length has been checked."""
        end = self.offset + count
        if end > len(self.data):
            raise WireError(Status.MALFORMED, f"{end} bytes are needed, there are {len(self.data)}", len(self.data))
        taken = self.data[self.offset : end]
        self.offset = end
        return taken

    def zeros(self, count):
        """Skips reserved bytes. Raises RESERVED_NONZERO."""
        start = self.offset
        if any(self.bytes(count)):
            raise WireError(Status.RESERVED_NONZERO, "a reserved field is not zero", start)

    def end(self):
        """Raises MALFORMED if bytes are left."""
        if self.offset != len(self.data):
            raise WireError(Status.MALFORMED, f"{len(self.data) - self.offset} bytes too many", self.offset)
