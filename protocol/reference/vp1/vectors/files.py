"""The vector files: written, and compared with what is frozen."""

import json
from pathlib import Path

from . import block_cases, control_cases, frame_cases
from .check import check
from .collector import VERDICTS, Collector

FOLDER = Path(__file__).parents[3] / "vectors" / "v1"


def collect():
    """All vectors."""
    collector = Collector()
    for cases in (frame_cases, block_cases, control_cases):
        cases.add(collector)
    return collector


def load(verdict, folder=FOLDER):
    """The vectors of a file."""
    text = (Path(folder) / f"{verdict}.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def write(folder=FOLDER):
    """Writes the three files and returns the numbers of vectors by verdict. Frozen vectors must stay as they are."""
    collector = collect()
    for verdict in VERDICTS:
        (Path(folder) / f"{verdict}.jsonl").write_text(collector.text(verdict), encoding="utf-8")
    return {verdict: len(collector.vectors[verdict]) for verdict in VERDICTS}


def failures(folder=FOLDER):
    """Sentences on all vectors that the codec does not treat as stated."""
    found = []
    for verdict in VERDICTS:
        for vector in load(verdict, folder):
            wrong = check(vector, verdict)
            if wrong:
                found.append(f"{verdict} {vector['id']}: {wrong}")
    return found
