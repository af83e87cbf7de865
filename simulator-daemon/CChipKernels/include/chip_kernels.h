// Kernels of the emulated chip. All instruction sets give the same bits.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Neurons that are integrated together; populations are padded to blocks of so many lanes.
#define CHIP_LANES 32

/// Instruction sets, in rising order.
typedef enum { CHIP_BASELINE = 0, CHIP_AVX2 = 1, CHIP_AVX512 = 2 } chip_level;

/// The highest instruction set of this processor.
chip_level chip_best_level(void);

/// A population: `size` neurons from lane 0 of `first_block` on.
typedef struct {
    uint32_t first_block, block_count, size, first_neuron;
    /// Signed inputs of each neuron.
    uint32_t row_count;
    /// Of its targets, the step over the time constant: excitatory and inhibitory current, membrane.
    float fall_e, fall_i, fall_v;
} chip_population;

/// A projection: source `k` drives row `first_row + k` of the target.
typedef struct {
    /// A population, or -1 for the inputs.
    int32_t source;
    uint32_t source_count, target, first_row;
    /// Whether it closes a cycle of populations.
    bool cyclic;
} chip_projection;

/// Populations that have to be integrated together, as a range of the program's order.
typedef struct {
    uint32_t first, end;
    /// Whether one of them drives itself or an earlier one.
    bool cyclic;
} chip_group;

/// The potentials of a neuron, in LSB above the leak; and the leak itself, which they count from.
typedef struct {
    /// Above all numbers for a comparator that is off.
    float threshold;
    float reset;
    float lower, upper;
    float leak;
    /// code = round(code_gain * V + code_offset + noise)
    float code_offset;
} chip_potentials;

/// A neuron. Coefficients are those of one step.
typedef struct {
    /// exp(-h / tau): excitatory and inhibitory current, membrane.
    float decay_e, decay_i, decay_v;
    /// Membrane shift at the end of a step by a current of one at its start.
    float gain_e, gain_i;
    /// Slope of the membrane, per step, by a current of one.
    float drive_e, drive_i;
    /// Step over time constant: excitatory and inhibitory current, membrane.
    float fall_e, fall_i, fall_v;
    chip_potentials potentials;
    float threshold_noise;
    /// In steps.
    float refractory;
    /// What a noise current of deviation 1 adds to the membrane in a step.
    float noise;
    float code_gain;
    /// How many steps too early the column samples, at most 1.
    float skew;
    /// The first of its circuits.
    uint32_t circuit;
    /// Which arbiter its spikes pass.
    uint32_t quadrant;
} chip_neuron;

/// The synapses of a row, each `[neuron]`: code `c` has the weight `c (gain + bow |c|) + fixed`.
typedef struct {
    /// For positive and for negative codes.
    const float *positive, *negative;
    /// The same; not read in a program without bows.
    const float *positive_bow, *negative_bow;
    /// Not read in a program without stuck synapses.
    const float *fixed;
} chip_row;

/// The errors with which weights are written.
typedef struct {
    /// Standard deviation, in steps of the code; zero for none.
    float deviation;
    /// Signed inputs of a circuit.
    uint32_t inputs;
    uint64_t key;
} chip_write_error;

/// A server of events: one each `service` ticks, and `depth` that wait; `service` zero for no limit.
typedef struct {
    double service;
    uint32_t depth;
} chip_server;

/// What holds for all entries of a batch.
typedef struct {
    uint32_t steps, steps_per_sample, sample_period, sample_count, window;
    uint32_t first_membrane, membrane_count;
    bool record_spikes;
    /// Events and spikes inside steps, or at their ends.
    bool resolve_ticks;
    /// From a spike to its effect, in steps; inside a cyclic group it is at least one.
    double delay, cyclic_delay;
    /// Whole steps of the delay inside a cyclic group.
    uint32_t chunk;
    bool membrane_noise, threshold_noise;
    /// Share of the noise current that is left after a step; zero for white noise.
    float noise_memory;
    /// What a spike adds to the membranes beside it, and takes off those of its block, in LSB.
    float neighbour, droop;
    float converter_noise;
    /// Whether a column samples early.
    bool skewed;
    /// Whether all columns sample one voltage instead of the membranes, and which, in LSB.
    bool samples_reference;
    float reference;
    /// In ticks.
    float spike_time_noise;
    chip_server input_link, driver_bus, arbiter, output_link;
    uint32_t driver_buses, quadrants;
    /// Key of the batch's random numbers.
    uint64_t key;
    chip_level level;
} chip_settings;

/// What became of an entry; events are `first_event..<first_event + event_count` of the workspace.
typedef struct {
    uint32_t first_event, event_count, accepted, dropped_link, dropped_driver, produced;
    uint32_t dropped_arbitration, dropped_output, spikes;
    bool saturated;
} chip_outcome;

/// An event as on the wire.
typedef struct {
    uint16_t tick, unit;
} chip_wire_event;

/// A programmed chip; constant while entries run.
typedef struct chip_program chip_program;
/// What one thread needs to run entries, and the spikes that it collected.
typedef struct chip_workspace chip_workspace;

/// A program without neurons or weights, with room for bows and stuck synapses if there are any; NULL without memory.
chip_program *chip_program_create(
    const chip_population *populations, uint32_t population_count,
    const chip_projection *projections, uint32_t projection_count, const uint32_t *order,
    const chip_group *groups, uint32_t group_count, bool bows, bool stuck);
void chip_program_free(chip_program *program);
/// Writes the neuron of a population.
void chip_program_set_neuron(
    chip_program *program, uint32_t population, uint32_t index, const chip_neuron *neuron);
/// Writes the potentials of a neuron anew.
void chip_program_set_potentials(
    chip_program *program, uint32_t population, uint32_t index, const chip_potentials *potentials);
/// Writes what the synapses of a row are like.
void chip_program_set_row(
    chip_program *program, uint32_t population, uint32_t row, const chip_row *synapses);
/// Writes the codes of all projections in order, each `[source, target]`; of `parts` calls with the same codes, which may
/// run at the same time, each writes a part. To be done again after neurons are set: the weights hold their gains.
/// `before` are the codes of the last write, if since then neither neurons nor the errors changed, or NULL: the same
/// codes have the same weights, and are left as they are.
void chip_program_write(
    chip_program *program, const int8_t *codes, const int8_t *before,
    const chip_write_error *error, chip_level level, uint32_t part, uint32_t parts);

/// How many codes differ from those of another write.
size_t chip_count_differences(const int8_t *codes, const int8_t *others, size_t count);

/// A normal number for each of `count` counters under a key; both arrays have room for a multiple of 16.
void chip_normals(
    chip_level level, uint64_t key, const uint32_t *counters, float *normals, uint32_t count);

/// A workspace; NULL without memory.
chip_workspace *chip_workspace_create(void);
void chip_workspace_free(chip_workspace *workspace);
/// Forgets the events of earlier entries.
void chip_workspace_clear(chip_workspace *workspace);
/// The events that entries left since the last clearing.
const chip_wire_event *chip_workspace_events(const chip_workspace *workspace);
/// Runs an entry. `codes` holds `[sample, column]`, or is NULL. Returns false without memory.
bool chip_run_entry(
    const chip_program *program, const chip_settings *settings, chip_workspace *workspace,
    uint32_t entry, const chip_wire_event *inputs, uint32_t input_count, uint8_t *codes,
    chip_outcome *outcome);
