"""Gathers vectors in their three files."""

import json
import random

from .build import build

VERDICTS = ("valid", "invalid", "acceptable")
SEED = 20220127
_ORDER = ("context", "edits", "messages", "status", "offset", "frame")


class Collector:
    """Vectors by verdict, in the order of adding. Raises ValueError for an id that is used twice."""

    def __init__(self):
        self.vectors = {verdict: [] for verdict in VERDICTS}
        self._ids = set()

    @staticmethod
    def source(id):
        """Random numbers for one vector: a new vector never moves those of another."""
        return random.Random(f"{SEED}/{id}")

    def valid(self, id, kind, fields, trap="", **extra):
        """Bytes that must be taken; what is read from them must be the fields."""
        self._add("valid", id, kind, fields, trap, extra)

    def invalid(self, id, kind, fields, trap, status, offset, **extra):
        """Bytes that must be refused with a status. `offset`: see `WireError`."""
        self._add("invalid", id, kind, fields, trap, {**extra, "status": status, "offset": offset})

    def acceptable(self, id, kind, fields, trap, status, offset=None, **extra):
        """Bytes that may be taken, or refused with this status."""
        self._add("acceptable", id, kind, fields, trap, {**extra, "status": status, "offset": offset})

    def _add(self, verdict, id, kind, fields, trap, extra):
        if id in self._ids:
            raise ValueError(f"id {id} is used twice")
        self._ids.add(id)
        built = build(kind, fields, extra.get("edits", ()))
        data = [item.hex() for item in built] if kind == "link" else built.hex()
        vector = {"id": id, "requirement": id.split("/")[0], "kind": kind, "trap": trap, "fields": fields}
        vector.update((key, extra[key]) for key in _ORDER if key in extra)
        self.vectors[verdict].append({**vector, "bytes": data})

    def text(self, verdict):
        """A file: a vector a line, keys in the order of adding, no spaces."""
        lines = (json.dumps(vector, separators=(",", ":"), ensure_ascii=False) for vector in self.vectors[verdict])
        return "".join(line + "\n" for line in lines)


def flip(offset, bit=0):
    """The edit that inverts a bit."""
    return {"op": "flip", "offset": offset, "bit": bit}


def put(offset, data):
    """The edit that overwrites bytes, given in hexadecimal digits."""
    return {"op": "set", "offset": offset, "bytes": data}


def cut(length):
    """The edit that keeps the first bytes only."""
    return {"op": "cut", "length": length}


def append(data):
    """The edit that adds bytes, given in hexadecimal digits."""
    return {"op": "append", "bytes": data}
