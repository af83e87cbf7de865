// What is written to the chip before entries run.
#pragma clang fp contract(off)
#include "chip_program.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static void *allocate(size_t count, size_t size) {
    size_t bytes = (count * size + 63) / 64 * 64;
    void *memory = aligned_alloc(64, bytes ? bytes : 64);
    if (memory) memset(memory, 0, bytes ? bytes : 64);
    return memory;
}

static void *copy(const void *from, size_t count, size_t size) {
    void *memory = allocate(count, size);
    if (memory && count) memcpy(memory, from, count * size);
    return memory;
}

// Lanes beyond the population never move and never fire.
static void silence(chip_block *block) {
    for (uint32_t n = 0; n < CHIP_LANES; n++) {
        block->decay_e[n] = block->decay_i[n] = block->decay_v[n] = 1;
        block->unit[n] = 1;
        block->threshold[n] = block->upper[n] = INFINITY;
        block->lower[n] = -INFINITY;
    }
}

// The terms of shares, for time constants of 1 / x of a step (membrane) and 1 / y (current):
//   lost(f) = (1 - exp(-f y)) / (1 - exp(-y)),  push(f) = (exp(-f x) - exp(-f y)) / (exp(-x) - exp(-y))
// Both are 1 at f = 1, as the quotients of series in f whose terms are (-1)^k times y^k and the sum of x^n y^(k - n).
static void set_shares(chip_array *array, int lost, int push, double x, double y) {
    double losses[SHARE_TERMS], pushes[SHARE_TERMS], all_lost = 0, all_pushed = 0;
    double power = 1, powers = 1, scale = 1, other = 1;
    for (int k = 0; k < SHARE_TERMS; k++) {
        losses[k] = power / scale;
        pushes[k] = powers / scale;
        all_lost += losses[k];
        all_pushed += pushes[k];
        other *= -x;
        power *= -y;
        powers = powers * -y + other;
        scale *= k + 2;
    }
    for (int k = 0; k < SHARE_TERMS; k++) {
        array->shares[k][lost] = (float)(losses[k] / all_lost);
        array->shares[k][push] = (float)(pushes[k] / all_pushed);
    }
}

static bool fill_array(
    chip_program *program, uint32_t index, const chip_population *shape, bool bows, bool stuck
) {
    chip_array *array = &program->arrays[index];
    array->shape = *shape;
    set_shares(array, LOST_E, PUSH_E, (double)shape->fall_v, (double)shape->fall_e);
    set_shares(array, LOST_I, PUSH_I, (double)shape->fall_v, (double)shape->fall_i);
    size_t synapses = (size_t)shape->block_count * shape->row_count * CHIP_LANES;
    array->positive = allocate(synapses, sizeof(float));
    array->negative = allocate(synapses, sizeof(float));
    array->rows = allocate(synapses, sizeof(float));
    bool good = array->positive && array->negative && array->rows;
    if (bows) {
        array->positive_bow = allocate(synapses, sizeof(float));
        array->negative_bow = allocate(synapses, sizeof(float));
        good = good && array->positive_bow && array->negative_bow;
    }
    if (stuck) {
        array->fixed = allocate(synapses, sizeof(float));
        good = good && array->fixed;
    }
    return good;
}

chip_program *chip_program_create(
    const chip_population *populations, uint32_t population_count,
    const chip_projection *projections, uint32_t projection_count, const uint32_t *order,
    const chip_group *groups, uint32_t group_count, bool bows, bool stuck
) {
    chip_program *program = allocate(1, sizeof *program);
    if (!program) return NULL;
    for (uint32_t k = 0; k < population_count; k++) {
        program->block_count += populations[k].block_count;
        program->neuron_count += populations[k].size;
    }
    program->projection_count = projection_count;
    program->group_count = group_count;
    program->arrays = allocate(population_count, sizeof *program->arrays);
    program->projections = copy(projections, projection_count, sizeof *projections);
    program->order = copy(order, population_count, sizeof *order);
    program->groups = copy(groups, group_count, sizeof *groups);
    program->blocks = allocate(program->block_count, sizeof *program->blocks);
    program->lanes = allocate((size_t)program->block_count * CHIP_LANES, sizeof *program->lanes);
    program->quadrants = allocate(program->neuron_count, sizeof *program->quadrants);
    size_t lanes = (size_t)program->block_count * CHIP_LANES;
    program->lane_neurons = allocate(lanes, sizeof *program->lane_neurons);
    program->lane_circuits = allocate(lanes, sizeof *program->lane_circuits);
    bool good = program->arrays && program->projections && program->order && program->groups
        && program->blocks && program->lanes && program->quadrants && program->lane_neurons
        && program->lane_circuits;
    if (program->arrays) program->array_count = population_count;
    for (uint32_t k = 0; good && k < population_count; k++) {
        good = fill_array(program, k, &populations[k], bows, stuck);
    }
    for (uint32_t k = 0; good && k < group_count; k++) {
        for (uint32_t n = groups[k].first; n < groups[k].end; n++) {
            program->arrays[order[n]].cyclic = groups[k].cyclic;
        }
    }
    if (!good) {
        chip_program_free(program);
        return NULL;
    }
    for (uint32_t k = 0; k < program->block_count; k++) silence(&program->blocks[k]);
    return program;
}

void chip_program_free(chip_program *program) {
    if (!program) return;
    for (uint32_t k = 0; k < program->array_count; k++) {
        free(program->arrays[k].positive);
        free(program->arrays[k].negative);
        free(program->arrays[k].rows);
        free(program->arrays[k].positive_bow);
        free(program->arrays[k].negative_bow);
        free(program->arrays[k].fixed);
    }
    free(program->arrays);
    free(program->projections);
    free(program->order);
    free(program->groups);
    free(program->blocks);
    free(program->lanes);
    free(program->quadrants);
    free(program->lane_neurons);
    free(program->lane_circuits);
    free(program);
}

static void set_potentials(
    chip_program *program, uint32_t number, uint32_t n, const chip_potentials *potentials
) {
    chip_block *block = &program->blocks[number];
    float unit = block->unit[n];
    block->threshold[n] = potentials->threshold / unit;
    // A peak between two boundaries is above both by at most an eighth of its curvature. Without inhibition that is the
    // product of the rates and the threshold; with it, four times as much covers inhibition of ten
    // thresholds by a current that is 30 % slower.
    chip_lane *lane = &program->lanes[number * CHIP_LANES + n];
    float peak = lane->fall_v * lane->fall_e * fabsf(block->threshold[n]) / 8;
    block->margin[n] = isinf(peak) ? 0 : 4 * peak;
    lane->reset = block->reset[n] = potentials->reset / unit;
    lane->lower = block->lower[n] = potentials->lower / unit;
    lane->upper = block->upper[n] = potentials->upper / unit;
    block->leak[n] = potentials->leak;
    block->code_offset[n] = potentials->code_offset;
}

void chip_program_set_potentials(
    chip_program *program, uint32_t population, uint32_t index, const chip_potentials *potentials
) {
    chip_array *array = &program->arrays[population];
    uint32_t first = array->shape.first_block;
    if (!isinf(potentials->threshold)) array->compares = true;
    set_potentials(program, first + index / CHIP_LANES, index % CHIP_LANES, potentials);
}

void chip_program_set_neuron(
    chip_program *program, uint32_t population, uint32_t index, const chip_neuron *neuron
) {
    const chip_population *shape = &program->arrays[population].shape;
    uint32_t number = shape->first_block + index / CHIP_LANES, n = index % CHIP_LANES;
    chip_block *block = &program->blocks[number];
    block->decay_e[n] = neuron->decay_e;
    block->decay_i[n] = neuron->decay_i;
    block->decay_v[n] = neuron->decay_v;
    block->loss_e[n] = 1 - neuron->decay_e;
    block->loss_i[n] = 1 - neuron->decay_i;
    float unit = neuron->noise > 0 ? neuron->noise : 1;
    block->unit[n] = unit;
    block->gain_e[n] = neuron->gain_e / unit;
    block->gain_i[n] = neuron->gain_i / unit;
    size_t lane = (size_t)number * CHIP_LANES + n;
    program->lanes[lane] = (chip_lane){
        .grow_e = 1 / neuron->decay_e,
        .grow_i = 1 / neuron->decay_i,
        .decay_v = neuron->decay_v,
        .loss_e = 1 - neuron->decay_e,
        .loss_i = 1 - neuron->decay_i,
        .rate_e = neuron->gain_e > 0 ? neuron->drive_e / neuron->gain_e : 0,
        .rate_i = neuron->gain_i > 0 ? neuron->drive_i / neuron->gain_i : 0,
        .fall_e = neuron->fall_e,
        .fall_i = neuron->fall_i,
        .fall_v = neuron->fall_v,
        .refractory = neuron->refractory,
    };
    block->threshold_noise[n] = neuron->threshold_noise / unit;
    block->code_gain[n] = neuron->code_gain * unit;
    block->skew[n] = neuron->skew;
    if (!isinf(neuron->potentials.threshold)) program->arrays[population].compares = true;
    set_potentials(program, number, n, &neuron->potentials);
    program->quadrants[shape->first_neuron + index] = neuron->quadrant;
    program->lane_neurons[lane] = shape->first_neuron + index;
    program->lane_circuits[lane] = neuron->circuit;
}

void chip_program_set_row(
    chip_program *program, uint32_t population, uint32_t row, const chip_row *synapses
) {
    chip_array *array = &program->arrays[population];
    for (uint32_t index = 0; index < array->shape.size; index++) {
        size_t block = index / CHIP_LANES, lane = index % CHIP_LANES;
        size_t at = (block * array->shape.row_count + row) * CHIP_LANES + lane;
        array->positive[at] = synapses->positive[index];
        array->negative[at] = synapses->negative[index];
        if (array->positive_bow) {
            array->positive_bow[at] = synapses->positive_bow[index];
            array->negative_bow[at] = synapses->negative_bow[index];
        }
        if (array->fixed) array->fixed[at] = synapses->fixed[index];
    }
}

// A part of the rows of a projection.
static void write_rows(
    const chip_program *program, const chip_projection *projection, chip_writing writing,
    uint32_t part, uint32_t parts, const chip_functions *functions
) {
    const chip_array *array = &program->arrays[projection->target];
    uint64_t sources = projection->source_count;
    uint32_t begin = (uint32_t)(sources * part / parts);
    uint32_t end = (uint32_t)(sources * (part + 1) / parts);
    const int8_t *codes = writing.codes + (size_t)begin * array->shape.size;
    const int8_t *before = writing.before;
    if (before) before += (size_t)begin * array->shape.size;
    writing.first_row = projection->first_row + begin;
    writing.row_count = end - begin;
    writing.stride = array->shape.size;
    for (uint32_t first = 0; first < array->shape.size; first += LANES_WRITTEN) {
        size_t number = first / CHIP_LANES, lane = first % CHIP_LANES;
        size_t at = (number * array->shape.row_count + writing.first_row) * CHIP_LANES + lane;
        number += array->shape.first_block;
        writing.codes = codes + first;
        writing.before = before ? before + first : NULL;
        writing.lanes = array->shape.size - first;
        writing.circuits = program->lane_circuits + number * CHIP_LANES + lane;
        writing.gain_e = program->blocks[number].gain_e + lane;
        writing.gain_i = program->blocks[number].gain_i + lane;
        writing.positive = array->positive + at;
        writing.negative = array->negative + at;
        writing.positive_bow = array->positive_bow ? array->positive_bow + at : NULL;
        writing.negative_bow = array->negative_bow ? array->negative_bow + at : NULL;
        writing.fixed = array->fixed ? array->fixed + at : NULL;
        writing.weights = array->rows + at;
        functions->write(&writing);
    }
}

void chip_program_write(
    chip_program *program, const int8_t *codes, const int8_t *before,
    const chip_write_error *error, chip_level level, uint32_t part, uint32_t parts
) {
    chip_writing writing = {.codes = codes, .before = before, .error = error};
    for (uint32_t k = 0; k < program->projection_count; k++) {
        const chip_projection *projection = &program->projections[k];
        write_rows(program, projection, writing, part, parts, chip_functions_of(level));
        uint32_t size = program->arrays[projection->target].shape.size;
        writing.codes += (size_t)projection->source_count * size;
        if (before) writing.before += (size_t)projection->source_count * size;
    }
}

size_t chip_count_differences(const int8_t *codes, const int8_t *others, size_t count) {
    // A lane of bytes counts to 255 before it is emptied.
    enum { LANES = 64, ROUNDS = 255 };
    typedef int8_t bytes __attribute__((vector_size(LANES)));
    size_t differences = 0, k = 0;
    while (count - k >= LANES) {
        bytes unequal = {0};
        for (size_t round = 0; round < ROUNDS && count - k >= LANES; round++, k += LANES) {
            bytes a, b;
            memcpy(&a, codes + k, LANES);
            memcpy(&b, others + k, LANES);
            unequal -= a != b;
        }
        for (size_t lane = 0; lane < LANES; lane++) differences += (uint8_t)unequal[lane];
    }
    for (; k < count; k++) differences += codes[k] != others[k];
    return differences;
}
