"""One contestant in a process of its own: gets ready, then answers each line `SECONDS` with a timed run.

    worker.py NAME WORK THREADS
"""

import importlib
import json
import sys
import time

from work import CHECKED_STEPS, Work

MODULES = {"snntorch": "torch_frameworks", "norse": "torch_frameworks", "spikingjelly": "torch_frameworks",
           "torch": "torch_own", "spyx": "jax_peers", "jax": "jax_peers"}


def main(name, path, threads):
    # Frameworks print to standard output as they please; the answers keep it for themselves.
    answers, sys.stdout = sys.stdout, sys.stderr

    def answer(**values):
        print(json.dumps(values), file=answers, flush=True)

    began = time.perf_counter()
    work = Work(path)
    module = importlib.import_module(MODULES[name.split("-")[0]])
    contestant = module.make(name, work, threads)
    losses = [contestant.step(index % work.batches, learning=True) for index in range(CHECKED_STEPS)]
    spikes = sum(contestant.hidden_spikes(index) for index in range(work.batches))
    for index in range(3):
        contestant.step(index % work.batches, learning=False)
    answer(losses=losses, exact=contestant.exact, version=contestant.version,
           spikes_per_pattern=spikes / (work.batches * work.batch_size),
           start_seconds=time.perf_counter() - began)
    index = 0
    for line in sys.stdin:
        limit, steps, start = float(line), 0, time.perf_counter()
        while time.perf_counter() - start < limit or steps < 2:
            contestant.step(index % work.batches, learning=False)
            index, steps = index + 1, steps + 1
        answer(patterns_per_second=steps * work.batch_size / (time.perf_counter() - start))


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
