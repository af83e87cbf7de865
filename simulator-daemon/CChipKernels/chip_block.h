// What the block kernel and the entry share.
#pragma once
#include "chip_kernels.h"
#include "chip_pool.h"

// Parameters of the neurons of a block. Potentials are above the leak and in units of their lane, the noise of a step,
// so that noise needs no product. Currents are scaled: one of 1 moves the membrane by a unit within a step.
typedef struct {
    float decay_e[CHIP_LANES], decay_i[CHIP_LANES], decay_v[CHIP_LANES];
    float loss_e[CHIP_LANES], loss_i[CHIP_LANES];  // 1 - decay
    float unit[CHIP_LANES];  // in LSB; 1 for a lane without noise
    float lower[CHIP_LANES], upper[CHIP_LANES], reset[CHIP_LANES];
    float threshold[CHIP_LANES], threshold_noise[CHIP_LANES];
    float margin[CHIP_LANES];  // how far a membrane may rise above both ends of a step without events
    float gain_e[CHIP_LANES], gain_i[CHIP_LANES];  // scaled current by a weight of 1
    float code_gain[CHIP_LANES];                   // LSB of a code by a unit
    float code_offset[CHIP_LANES], leak[CHIP_LANES], skew[CHIP_LANES];
} chip_block;

// What is needed of a neuron to look into a step, in one line of the cache.
typedef struct {
    _Alignas(64) float grow_e;  // 1 / decay
    float grow_i;
    float decay_v, loss_e, loss_i;
    float rate_e, rate_i;          // slope of the membrane by a scaled current of 1
    float fall_e, fall_i, fall_v;  // h / tau
    float refractory;
    float reset, lower, upper;
} chip_lane;

// The end of a lane's refractory time, in steps.
typedef struct {
    float time;
    uint32_t lane;
} chip_release;

// Which lines of the pool the vectors of a block take, and their signs, for some steps.
enum { CHOSEN_STEPS = 32, CHOSEN_LINES = CHOSEN_STEPS * CHIP_LANES / POOL_WIDTH };
typedef struct {
    _Alignas(64) uint32_t offsets[CHOSEN_LINES], signs[CHOSEN_LINES];
} chip_choices;

// State of the neurons of a block: membrane, scaled currents.
typedef struct {
    float v[CHIP_LANES], e[CHIP_LANES], i[CHIP_LANES];
    float threshold[CHIP_LANES];
    float limit[CHIP_LANES];    // below it at a step's end a free membrane is of no interest
    float current[CHIP_LANES];  // the noise current, of variance 1
    float early[CHIP_LANES];    // membrane at the step boundary before the next sample
    _Alignas(64) uint32_t held;  // lanes in their refractory time, a bit each
    // When it ends, in order, from `first_release` to `end_release` around the ring.
    chip_release releases[CHIP_LANES];
    uint32_t first_release, end_release;
    chip_key noise_key;
    chip_choices choices;
    uint32_t chosen_end;  // the step after those that they are for
} chip_state;

// How much of what an event does within a whole step it does in the rest of its own: the losses of its current, and its
// pushes of the membrane.
typedef float chip_shares __attribute__((vector_size(16)));
enum { LOST_E, LOST_I, PUSH_E, PUSH_I };

// An event of a row, `fraction` of a step before the end of its step.
typedef struct {
    chip_shares shares;
    uint32_t row;  // index of its first weight
    float fraction;
    uint32_t step;  // UINT32_MAX for one that never comes
} chip_event;

// A spike, `fraction` of a step after the start of its step.
typedef struct {
    uint32_t step, lane;
    float fraction;
} chip_spike;

// Events that a block may fetch beyond the last of its steps.
enum { EVENTS_AHEAD = 2 };

// Steps of a block.
typedef struct {
    const chip_block *block;
    const chip_lane *neurons;  // [lane]
    chip_state *state;
    const float *rows;         // [row, lane]
    const chip_event *events;  // of all steps in order, and EVENTS_AHEAD of a step that never comes
    uint32_t first_step, end_step, first_lane;
    uint32_t entry_end;  // the step after the entry's last
    uint32_t lanes;      // in use
    bool resolve_ticks, membrane_noise;
    float noise_memory;
    float neighbour, droop;
    uint64_t code_key;
    chip_spike *spikes;  // room for one per lane and step
    uint32_t spike_count;
    uint8_t *codes;  // [sample, lane], or NULL
    uint32_t steps_per_sample, sample_count;
    float converter_noise;
    bool skewed;
    bool samples_reference;
    float reference;
} chip_task;

// Lanes whose weights are written together.
enum { LANES_WRITTEN = 16 };

// The rows of such lanes whose codes are written.
typedef struct {
    const int8_t *codes, *before;  // [row, neuron], `stride` apart; the latter, or NULL for none, are written already
    size_t stride;
    uint32_t first_row, row_count;
    uint32_t lanes;            // in use
    const uint32_t *circuits;  // [lane]
    const float *gain_e, *gain_i;
    const float *positive, *negative, *positive_bow, *negative_bow, *fixed;  // [row, lane]; the last three may be NULL
    float *weights;  // [row, lane], scaled
    const chip_write_error *error;
} chip_writing;

// How a block starts into an entry.
typedef struct {
    bool resolve_ticks, threshold_noise, noise_current;
    chip_key threshold_key, current_key;
    uint64_t noise_key;
    uint32_t first_lane;
} chip_start;

typedef struct {
    void (*run)(chip_task *task);
    // The state of a block before an entry.
    void (*start)(const chip_block *block, chip_state *state, const chip_start *start);
    // Writes the weights of codes that are not written already.
    void (*write)(const chip_writing *writing);
    // A normal number for each of `count` counters; both arrays have room for a multiple of 16.
    void (*normals)(const uint32_t *counters, float *normals, uint32_t count, chip_key key);
} chip_functions;

// The functions of a level; the baseline's where the processor has no such level.
const chip_functions *chip_functions_of(chip_level level);
