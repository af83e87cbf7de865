// Kernels of the emulated chip. All instruction sets give the same bits.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Neurons that are integrated together; populations are padded to blocks of so many lanes.
#define CHIP_LANES 64

/// Instruction sets, in rising order.
typedef enum { CHIP_BASELINE = 0, CHIP_AVX2 = 1, CHIP_AVX512 = 2 } chip_level;

/// The highest instruction set of this processor.
chip_level chip_best_level(void);

/// A population: `size` neurons from lane 0 of `first_block` on.
typedef struct {
    uint32_t first_block, block_count, size, first_neuron;
    /// Signed inputs of each neuron.
    uint32_t row_count;
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

/// A neuron. Potentials are in LSB above the leak; coefficients are those of one step and of half a step.
typedef struct {
    /// exp(-h / tau): excitatory and inhibitory current, membrane.
    float decay_e, decay_i, decay_v;
    /// Membrane shift at the end of a step by a current of one at its start.
    float gain_e, gain_i;
    /// Corrections inside a step: half of h / tau for a current, of h / tau + h / tau_m for the membrane.
    float bend_e, bend_i, bow_e, bow_i;
    float half_v, half_e, half_i;
    /// Above all numbers for a comparator that is off.
    float threshold;
    float threshold_noise;
    float reset;
    /// In steps.
    float refractory;
    /// Standard deviation that the membrane gains in a step.
    float noise;
    float lower, upper;
    /// code = round(code_gain * V + code_offset + noise)
    float code_gain, code_offset;
    /// Of the leak itself, in LSB: what V counts from.
    float leak;
    /// Which arbiter its spikes pass.
    uint32_t quadrant;
} chip_neuron;

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
    float converter_noise;
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

/// A program without neurons or weights; NULL without memory.
chip_program *chip_program_create(
    const chip_population *populations, uint32_t population_count,
    const chip_projection *projections, uint32_t projection_count, const uint32_t *order,
    const chip_group *groups, uint32_t group_count);
void chip_program_free(chip_program *program);
/// Writes the neuron of a population.
void chip_program_set_neuron(
    chip_program *program, uint32_t population, uint32_t index, const chip_neuron *neuron);
/// Writes the gains of a row's synapses, `[neuron]`, for positive and for negative codes.
void chip_program_set_gains(
    chip_program *program, uint32_t population, uint32_t row, const float *positive,
    const float *negative);
/// Writes the codes of all projections in order, each `[source, target]`.
void chip_program_write(chip_program *program, const int8_t *codes);

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
