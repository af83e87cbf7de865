"""The toy chip: integrate-and-fire neurons in integers, the same on every machine.

It is not a model of any silicon. Time goes in steps of 64 ticks (0.512 µs). A membrane is an integer in 1/256 of a CADC
LSB. In each step it moves a sixteenth of its way to the leak potential (rounded down), then takes code * 256, an LSB
for each unit of weight, for each event of the step that reaches it; spikes of the step before count as events.
At or above the threshold a spiking neuron fires at the last tick of the step and goes to its reset potential. Sample k
reads the membranes after the step in which tick k * period lies. Time constants, refractory times and gains have no
effect. Nothing is random, so noise seed and batch number have none either.
"""

from ..control import pb
from ..results import Costs
from ..status import Status, WireError

STEP = 64
FRACTION = 256
JUMP = 256
LEAK_SHIFT = 4
TICK_SECONDS = 8e-9

GEOMETRY = pb.Geometry(
    neuron_circuits=512,
    signed_inputs_per_circuit=128,
    input_channels=256,
    weight_limit=63,
    cadc_maximum=255,
    minimum_sample_period=STEP,
    trace_memory_bytes=131072,
    maximum_events_per_entry=4096,
    maximum_entries_per_batch=1024,
)


def description(serial):
    """The `Description` of toy chip number `serial`; its neurons have no codes."""
    return pb.Description(
        kind=pb.DEVICE_KIND_EMULATOR,
        serial=serial,
        profile="toy",
        firmware="reference 1",
        geometry=GEOMETRY,
        effects=["steps: 64 ticks", "membranes: integers of 1/256 LSB"],
        calibration="none",
    )


class Network:
    """A configuration that fits. Raises INVALID with the resource, the need and the stock (CFG-002)."""

    def __init__(self, configuration):
        self.configuration = configuration
        self.firsts, self.sizes = [], []
        for population in configuration.populations:
            self.firsts.append(sum(self.sizes))
            self.sizes.append(population.size)
        self.neurons = sum(self.sizes)
        self._check()
        self.spans = [self._span(projection) for projection in configuration.projections]
        self.synapses = sum(len(sources) * len(targets) for sources, targets, _ in self.spans)
        self._check_circuits()

    def _span(self, projection):
        """Sources (inputs as such, neurons behind them), targets, and the targets' population."""
        inputs = self.configuration.input_count
        targets = self._members(projection.target)
        if not projection.HasField("source_population"):
            return range(inputs), targets, projection.target
        members = self._members(projection.source_population)
        return range(inputs + members.start, inputs + members.stop), targets, projection.target

    def _members(self, population):
        first = self.firsts[population]
        return range(first, first + self.sizes[population])

    def _check(self):
        wanted = self.configuration
        if not 1 <= wanted.window <= 65535:
            _refuse(f"the window of {wanted.window} ticks is not in 1...65535")
        if wanted.input_count > GEOMETRY.input_channels:
            _refuse(f"{wanted.input_count} inputs, the chip has {GEOMETRY.input_channels} input channels")
        if wanted.sample_count and wanted.sample_period < GEOMETRY.minimum_sample_period:
            _refuse(f"a sample each {wanted.sample_period} ticks, the chip needs {GEOMETRY.minimum_sample_period}")
        for index, population in enumerate(wanted.populations):
            if population.kind not in (pb.POPULATION_KIND_SPIKING, pb.POPULATION_KIND_INTEGRATING):
                raise WireError(Status.MALFORMED, f"population {index} is of the unknown kind {population.kind}")
            if not population.size:
                _refuse(f"population {index} has no neurons")
            if population.codes:
                _refuse(f"population {index} states codes, the chip has none")
            targets = (population.targets.leak, population.targets.reset, population.targets.threshold)
            if not all(-1000 <= target <= 1000 for target in targets):
                _refuse(f"population {index}: potentials of {targets} LSB are not in -1000...1000")
        for index, projection in enumerate(wanted.projections):
            for population in (projection.source_population, projection.target):
                if population >= len(wanted.populations):
                    _refuse(f"projection {index} names population {population} of {len(wanted.populations)}")

    def _check_circuits(self):
        inputs = [0] * len(self.sizes)
        for sources, _, target in self.spans:
            inputs[target] += len(sources)
        need = sum(
            size * max(1, -(-count // GEOMETRY.signed_inputs_per_circuit)) for size, count in zip(self.sizes, inputs)
        )
        if need > GEOMETRY.neuron_circuits:
            _refuse(f"the network needs {need} neuron circuits, the chip has {GEOMETRY.neuron_circuits}")

    def wiring(self, image):
        """For each source the pairs (target neuron, code), from an image in the order of CFG-003."""
        wires = [[] for _ in range(self.configuration.input_count + self.neurons)]
        position = 0
        for sources, targets, _ in self.spans:
            for source in sources:
                codes = image[position : position + len(targets)]
                wires[source] += [(target, code) for target, code in zip(targets, codes) if code]
                position += len(targets)
        return wires

    def entry(self, wires, events, observables):
        """Runs one entry from rest; returns its spikes as (tick, neuron) and its CADC codes `[sample, column]`."""
        wanted = self.configuration
        leak, reset, threshold = [], [], []
        for population in wanted.populations:
            targets = population.targets
            fires = population.kind == pb.POPULATION_KIND_SPIKING
            leak += [round(targets.leak * FRACTION)] * population.size
            reset += [round(targets.reset * FRACTION)] * population.size
            threshold += [round(targets.threshold * FRACTION) if fires else None] * population.size
        membranes, arriving, spikes, samples = list(leak), [], [], []
        position, steps = 0, -(-wanted.window // STEP)
        sample_count = wanted.sample_count if observables.membrane_count else 0
        for step in range(steps):
            end = min((step + 1) * STEP, wanted.window)
            membranes = [value - (value - rest >> LEAK_SHIFT) for value, rest in zip(membranes, leak)]
            while position < len(events) and events[position][0] < end:
                arriving.append(events[position][1])
                position += 1
            for source in arriving:
                for target, code in wires[source]:
                    membranes[target] += code * JUMP
            arriving = []
            for neuron, limit in enumerate(threshold):
                if limit is not None and membranes[neuron] >= limit:
                    membranes[neuron] = reset[neuron]
                    spikes.append((end - 1, neuron))
                    arriving.append(wanted.input_count + neuron)
            last = step == steps - 1
            while len(samples) < sample_count and (last or len(samples) * wanted.sample_period < end):
                samples.append(self._sample(membranes, observables))
        return spikes, b"".join(samples)

    @staticmethod
    def _sample(membranes, observables):
        first, count = observables.first_membrane, observables.membrane_count
        if observables.HasField("reference"):
            return bytes([_clipped(round(observables.reference))]) * count
        return bytes(_clipped(value // FRACTION) for value in membranes[first : first + count])

    def costs(self, entries, inputs, spikes, wall):
        """The account of a batch: no event is lost. Energies are not modelled and stay zero."""
        gap = max(0, self.configuration.entry_spacing - self.configuration.window)
        return Costs(
            offered=inputs,
            accepted=inputs,
            produced=spikes,
            delivered=spikes,
            windows_seconds=entries * self.configuration.window * TICK_SECONDS,
            gaps_seconds=entries * gap * TICK_SECONDS,
            wall_seconds=wall,
        )


def _clipped(value):
    return max(0, min(GEOMETRY.cadc_maximum, value))


def _refuse(detail):
    raise WireError(Status.INVALID, detail)
