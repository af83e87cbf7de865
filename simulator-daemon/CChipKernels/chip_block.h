// What the block kernel and the entry share.
#pragma once
#include "chip_kernels.h"
#include "chip_random.h"

// Parameters of the neurons of a block.
typedef struct {
    float decay_e[CHIP_LANES], decay_i[CHIP_LANES], decay_v[CHIP_LANES];
    float loss_e[CHIP_LANES], loss_i[CHIP_LANES];  // 1 - decay
    float bent_e[CHIP_LANES], bent_i[CHIP_LANES];  // (1 - decay) bend
    float gain_e[CHIP_LANES], gain_i[CHIP_LANES];
    float bowed_e[CHIP_LANES], bowed_i[CHIP_LANES];  // gain bow
    float half_v[CHIP_LANES], half_e[CHIP_LANES], half_i[CHIP_LANES];
    float threshold[CHIP_LANES], threshold_noise[CHIP_LANES], reset[CHIP_LANES];
    float refractory[CHIP_LANES], noise[CHIP_LANES], lower[CHIP_LANES], upper[CHIP_LANES];
    float code_gain[CHIP_LANES], code_offset[CHIP_LANES], leak[CHIP_LANES], skew[CHIP_LANES];
} chip_block;

// State of the neurons of a block: membrane above leak, currents, end of the refractory time in steps.
typedef struct {
    float v[CHIP_LANES], e[CHIP_LANES], i[CHIP_LANES], release[CHIP_LANES];
    float threshold[CHIP_LANES];
    float current[CHIP_LANES];  // the noise current, of variance 1
    float early[CHIP_LANES];    // membrane at the step boundary before the next sample
} chip_state;

// An event of a row, `fraction` of a step before the end of its step; index of the next of the step, or 0.
typedef struct {
    uint32_t row;
    float fraction;
    uint32_t next;
} chip_event;

// A spike, `fraction` of a step after the start of its step.
typedef struct {
    uint32_t step, lane;
    float fraction;
} chip_spike;

// Steps of a block.
typedef struct {
    const chip_block *block;
    chip_state *state;
    const float *rows;  // [row, lane]
    const chip_event *events;
    const uint32_t *heads;  // [step]
    uint32_t first_step, end_step, first_lane;
    uint32_t lanes;  // in use
    bool resolve_ticks, membrane_noise;
    float noise_memory;
    float neighbour, droop;
    chip_key noise_key, code_key;
    chip_spike *spikes;  // room for one per lane and step
    uint32_t spike_count;
    uint8_t *codes;  // [sample, lane], or NULL
    uint32_t steps_per_sample, sample_count;
    float converter_noise;
    bool skewed;
    bool samples_reference;
    float reference;
} chip_task;

typedef struct {
    void (*run)(chip_task *task);
    // A normal number for each lane of a block.
    void (*draw)(float *normals, uint32_t first_lane, chip_key key);
    // A normal number for each of `count` counters; both arrays have room for a multiple of 16.
    void (*normals)(const uint32_t *counters, float *normals, uint32_t count, chip_key key);
} chip_functions;

// The functions of a level; the baseline's where the processor has no such level.
const chip_functions *chip_functions_of(chip_level level);
