// What a board's maker writes: five functions about the chip. Nothing here knows the wire.
#ifndef VOLLEY_CHIP_H
#define VOLLEY_CHIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "volley_limits.h"

/// A range of a neuron parameter: what may be asked for, and the values of code zero and of the highest code on paper.
struct volley_range {
    double allowed_lower, allowed_upper, coded_lower, coded_upper;
    /// Whether codes are spaced by equal factors instead of evenly.
    bool is_logarithmic;
};

/// The order of `volley_description.parameters`.
enum volley_parameter {
    /// Leak and reset, in CADC LSB.
    VOLLEY_POTENTIAL,
    /// In CADC LSB.
    VOLLEY_THRESHOLD,
    /// In microseconds.
    VOLLEY_TAU_MEM,
    /// In microseconds.
    VOLLEY_TAU_SYN,
    /// In microseconds.
    VOLLEY_REFRACTORY,
    /// In CADC LSB per weight code.
    VOLLEY_GAIN,
    VOLLEY_PARAMETERS
};

/// Who the chip is and what it can do; the `Description` of the protocol.
struct volley_description {
    /// False for an emulated chip.
    bool is_board;
    /// Name of the kind of chip, of the firmware, of the calibration; UTF-8, ended by zero.
    const char *profile, *firmware, *calibration;
    /// What distinguishes this chip from an ideal one, in words; ended by NULL, or NULL.
    const char *const *effects;
    uint32_t neuron_circuits, signed_inputs_per_circuit, input_channels;
    /// The highest magnitude of a weight code, at most 127.
    uint32_t weight_limit;
    /// The highest CADC code.
    uint32_t cadc_maximum;
    /// In ticks of 8 ns.
    uint32_t minimum_sample_period;
    /// Whether `parameters` holds; where it does, targets out of range are refused before the chip sees them.
    bool has_parameters;
    struct volley_range parameters[VOLLEY_PARAMETERS];
    /// Bits of a parameter code; 0 for a chip without codes. Others need VOLLEY_CODES.
    uint32_t code_bits;
    /// Whether neurons miss their targets until the host has found the codes.
    bool calibrated_by_host;
};

/// What the neurons of a population shall be: potentials in CADC LSB, times in microseconds, gain in CADC LSB per code
/// (SPEC CFG-007).
struct volley_targets {
    double leak, reset, threshold, tau_mem, tau_syn_excitatory, tau_syn_inhibitory, refractory, synaptic_gain;
};

/// A group of like neurons.
struct volley_population {
    /// False for neurons that only integrate; their reset, threshold and refractory time are zero.
    bool is_spiking;
    uint32_t first_neuron, size;
    struct volley_targets targets;
    /// 18 bytes for each neuron (SPEC section 7.7), or NULL for the codes that give the targets on paper.
    const uint8_t *codes;
};

/// All-to-all synapses; their codes are `[source, target]`, row-major, from `first_synapse` on.
struct volley_projection {
    /// Index of a population, or -1 for the external inputs.
    int32_t source;
    uint32_t target, first_synapse;
};

/// All that is written to a chip but the weights. Times in ticks of 8 ns. It has been checked against the description.
struct volley_configuration {
    uint32_t input_count, neuron_count, synapse_count;
    uint32_t population_count, projection_count;
    struct volley_population populations[VOLLEY_POPULATIONS];
    struct volley_projection projections[VOLLEY_POPULATIONS];
    uint32_t window, sample_count, sample_period, entry_spacing;
    uint64_t noise_seed;
    uint8_t hash[32];
#if VOLLEY_CODES
    uint8_t codes[18 * VOLLEY_NEURONS];
#endif
};

/// A batch that is to run, on the configuration and the weights that were loaded last.
struct volley_batch {
    const struct volley_configuration *configuration;
    uint64_t number;
    uint32_t entry_count;
    bool records_spikes;
    uint32_t first_membrane, membrane_count;
    /// What all columns sample instead of the membranes, in CADC LSB, if `has_reference` (SPEC OBS-001).
    bool has_reference;
    double reference;
    /// The spike block's columns as they came; read them with `volley_batch_events`.
    const uint8_t *ends, *events;
};

/// An input event, or a spike: time in ticks from the start of its entry, and the number of the input or neuron.
struct volley_event {
    uint16_t tick, unit;
};

/// Why an entry is not good; bits of `volley_record_entry`.
enum volley_validity {
    VOLLEY_TIMING_OVERRUN = 1,
    VOLLEY_BUFFER_OVERFLOW = 2,
    VOLLEY_SATURATED = 4,
    VOLLEY_TEMPERATURE = 8
};

/// What a batch gives. The chip writes it entry by entry with the functions below.
struct volley_recording {
    const struct volley_batch *batch;
    /// The entry that is recorded next, from 0. At 0 with `is_first` the batch begins: whatever ran before is over.
    uint32_t entry;
    bool is_first;
    /// Input events that were lost, and spikes that the chip lost; the chip counts them up. All others are counted by
    /// the functions below.
    uint64_t dropped_by_input_link, dropped_by_drivers, dropped_by_arbitration;
    /// Costs in seconds and joules over the batch; the chip adds what it knows.
    double configuration_seconds, weights_seconds, readback_seconds, static_joules, events_joules, samples_joules;
    // The rest belongs to the device.
    uint64_t recorded, dropped_by_output_link;
    uint32_t entry_recorded;
    struct volley_event last;
    bool is_disordered;
    uint8_t entry_validity;
    uint8_t *validity, *ends, *samples, *spikes;
};

/// What a chip says to `run`.
enum volley_progress {
    /// Call again.
    VOLLEY_RUNNING,
    /// All entries are recorded.
    VOLLEY_FINISHED,
    /// The chip cannot; the host is told FAULT.
    VOLLEY_FAILED
};

/// What a chip measures besides.
struct volley_conditions {
    bool has_temperature;
    /// In degrees Celsius.
    double temperature;
};

/// The five functions. None of them may block for longer than some milliseconds, because no host is heard meanwhile.
struct volley_chip {
    /// Handed to each function.
    void *context;
    /// States what never changes while the device runs; the strings must stay.
    void (*describe)(void *context, struct volley_description *description);
    /// Writes a configuration. Returns NULL, or what does not fit, with need and stock, for the host to read.
    const char *(*configure)(void *context, const struct volley_configuration *configuration);
    /// Writes the codes of all synapses of the configuration; like the configuration, they stay where they are while
    /// a batch runs on them. Returns NULL, or what went wrong.
    const char *(*load_weights)(void *context, const int8_t *codes, uint32_t count);
    /// Goes on with a batch for some milliseconds, or looks whether the hardware is through.
    enum volley_progress (*run)(void *context, const struct volley_batch *batch, struct volley_recording *recording);
    /// Measures.
    void (*health)(void *context, struct volley_conditions *conditions);
};

/// The number of input events of an entry, and in `first` the place of the first one for `volley_batch_event`.
uint32_t volley_batch_events(const struct volley_batch *batch, uint32_t entry, uint32_t *first);
/// An input event by its place in the batch. Events of an entry are sorted by tick, then unit.
struct volley_event volley_batch_event(const struct volley_batch *batch, uint32_t place);

/// Records a spike of the entry. They must come sorted by tick, then neuron, below window and neuron count; a batch in
/// which they do not ends with FAULT. Spikes above VOLLEY_EVENTS an entry are dropped, counted and flagged.
void volley_record_spike(struct volley_recording *recording, uint32_t tick, uint32_t neuron);
/// The place for the CADC codes of the entry, `[sample, column]`; NULL if none are asked for.
uint8_t *volley_record_samples(struct volley_recording *recording);
/// Ends the entry, with bits of `volley_validity`.
void volley_record_entry(struct volley_recording *recording, unsigned validity);

#endif
