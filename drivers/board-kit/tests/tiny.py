"""The tiny chip once more, from what `tiny_chip.h` says of it: an oracle for its arithmetic."""

import math

STEP, FRACTION, FACTOR = 32, 4096, 65536
STEP_US = STEP * 8e-3


def _rounded(value):
    return math.floor(abs(value) + 0.5) * (-1 if value < 0 else 1)


def _scaled(value, factor):
    """Towards zero, as C divides."""
    product = value * factor
    return abs(product) // FACTOR * (-1 if product < 0 else 1)


class Population:
    """Factors of a step."""

    def __init__(self, targets, fires):
        self.fires = fires
        self.membrane = _rounded(math.exp(-STEP_US / targets.tau_mem) * FACTOR)
        self.taus = (targets.tau_syn_excitatory, targets.tau_syn_inhibitory)
        self.decays = [_rounded(math.exp(-STEP_US / tau) * FACTOR) for tau in self.taus]
        self.gains = [_rounded(targets.synaptic_gain * self._share(targets.tau_mem, tau) * FACTOR) for tau in self.taus]
        self.leak, self.reset, self.threshold = (
            _rounded(value * FRACTION) for value in (targets.leak, targets.reset, targets.threshold)
        )
        self.rest = _rounded(targets.refractory / STEP_US)

    @staticmethod
    def _share(tau_mem, tau_syn):
        if abs(tau_syn - tau_mem) < tau_mem / 1000:
            return STEP_US / tau_mem * math.exp(-STEP_US / tau_mem)
        difference = math.exp(-STEP_US / tau_syn) - math.exp(-STEP_US / tau_mem)
        return tau_syn / (tau_syn - tau_mem) * difference


def entry(configuration, weights, events, observables):
    """Spikes as (tick, neuron) and CADC codes `[sample, column]` of one entry."""
    populations, owner, first = [], [], []
    for population in configuration.populations:
        first.append(len(owner))
        owner += [len(populations)] * population.size
        populations.append(Population(population.targets, population.kind == 1))
    wires, position = {}, 0
    for projection in configuration.projections:
        target = projection.target
        size = configuration.populations[target].size
        if projection.HasField("source_population"):
            source = projection.source_population
            sources = [("neuron", first[source] + i) for i in range(configuration.populations[source].size)]
        else:
            sources = [("input", i) for i in range(configuration.input_count)]
        for name in sources:
            for index in range(size):
                wires.setdefault(name, []).append((first[target] + index, weights[position]))
                position += 1
    count = len(owner)
    membranes = [populations[owner[n]].leak for n in range(count)]
    currents = [[0, 0] for _ in range(count)]
    resting, fired = [0] * count, []
    spikes, samples = [], []
    samples_due = configuration.sample_count if observables.membrane_count else 0
    columns = range(observables.first_membrane, observables.first_membrane + observables.membrane_count)

    def sample():
        for column in columns:
            value = membranes[column]
            if observables.HasField("reference"):
                value = _rounded(min(255, max(0, observables.reference)) * FRACTION)
            samples.append(min(255, max(0, value + FRACTION // 2) // FRACTION))

    pending = list(events)
    for begin in range(0, configuration.window, STEP):
        end = min(begin + STEP, configuration.window)
        while len(samples) < samples_due * len(columns):
            if len(samples) // len(columns) * configuration.sample_period > begin:
                break
            sample()
        arriving = [("neuron", n) for n in fired]
        while pending and pending[0][0] < end:
            arriving.append(("input", pending.pop(0)[1]))
        for name in arriving:
            for target, code in wires.get(name, ()):
                currents[target][code < 0] += abs(code) * FRACTION
        fired = []
        for n in range(count):
            population, (excitatory, inhibitory) = populations[owner[n]], currents[n]
            rests = resting[n] > 0
            if rests:
                resting[n] -= 1
            else:
                membranes[n] = (
                    population.leak
                    + _scaled(membranes[n] - population.leak, population.membrane)
                    + _scaled(excitatory, population.gains[0])
                    - _scaled(inhibitory, population.gains[1])
                )
            currents[n] = [_scaled(value, decay) for value, decay in zip(currents[n], population.decays)]
            if population.fires and not rests and membranes[n] >= population.threshold:
                membranes[n] = population.reset
                resting[n] = population.rest
                fired.append(n)
                spikes.append((end - 1, n))
    while len(samples) < samples_due * len(columns):
        sample()
    return tuple(spikes), bytes(samples)
