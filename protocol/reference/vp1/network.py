"""The tiny network that `python -m vp1 run` runs: 4 inputs, 6 spiking neurons, 2 that only integrate."""

import random

from .client import Batch
from .control import pb
from .spikes import SpikeBlock

INPUTS, HIDDEN, OUTPUTS = 4, 6, 2
WINDOW = 2500


def configuration(seed=1):
    """Targets of the paper's operating point, in LSB and µs; a window of 20 µs."""
    targets = pb.Targets(
        leak=80,
        reset=80,
        threshold=150,
        tau_mem=6,
        tau_syn_excitatory=6,
        tau_syn_inhibitory=6,
        refractory=2,
        synaptic_gain=1,
    )
    return pb.Configure(
        input_count=INPUTS,
        populations=[
            pb.Population(kind=pb.POPULATION_KIND_SPIKING, size=HIDDEN, targets=targets),
            pb.Population(kind=pb.POPULATION_KIND_INTEGRATING, size=OUTPUTS, targets=targets),
        ],
        projections=[pb.Projection(target=0), pb.Projection(source_population=0, target=1)],
        window=WINDOW,
        sample_count=5,
        sample_period=WINDOW // 5,
        entry_spacing=2 * WINDOW,
        noise_seed=seed,
    )


def batch(number, entries, seed=1):
    """A batch with random inputs and weights, the same for the same seed; all spikes and membranes are recorded."""
    source = random.Random(seed)
    weights = [source.randint(10, 63) for _ in range(INPUTS * HIDDEN)]
    weights += [source.randint(-30, 30) for _ in range(HIDDEN * OUTPUTS)]
    events = tuple(
        tuple(sorted({(source.randrange(WINDOW // 2), source.randrange(INPUTS)) for _ in range(30)}))
        for _ in range(entries)
    )
    observables = pb.Observables(spikes=True, first_membrane=0, membrane_count=HIDDEN + OUTPUTS)
    return Batch(number, configuration(seed), weights, SpikeBlock(INPUTS, WINDOW, events), observables)
