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
        block->threshold[n] = block->upper[n] = INFINITY;
        block->lower[n] = -INFINITY;
    }
}

static bool fill_array(
    chip_program *program, uint32_t index, const chip_population *shape, bool bows, bool stuck
) {
    chip_array *array = &program->arrays[index];
    array->shape = *shape;
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
    program->quadrants = allocate(program->neuron_count, sizeof *program->quadrants);
    size_t lanes = (size_t)program->block_count * CHIP_LANES;
    program->lane_neurons = allocate(lanes, sizeof *program->lane_neurons);
    program->lane_circuits = allocate(lanes, sizeof *program->lane_circuits);
    bool good = program->arrays && program->projections && program->order && program->groups
        && program->blocks && program->quadrants && program->lane_neurons
        && program->lane_circuits;
    if (program->arrays) program->array_count = population_count;
    for (uint32_t k = 0; good && k < population_count; k++) {
        good = fill_array(program, k, &populations[k], bows, stuck);
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
    free(program->quadrants);
    free(program->lane_neurons);
    free(program->lane_circuits);
    free(program);
}

static void set_potentials(chip_block *block, uint32_t n, const chip_potentials *potentials) {
    block->threshold[n] = potentials->threshold;
    block->reset[n] = potentials->reset;
    block->lower[n] = potentials->lower;
    block->upper[n] = potentials->upper;
    block->leak[n] = potentials->leak;
    block->code_offset[n] = potentials->code_offset;
}

void chip_program_set_potentials(
    chip_program *program, uint32_t population, uint32_t index, const chip_potentials *potentials
) {
    uint32_t first = program->arrays[population].shape.first_block;
    set_potentials(&program->blocks[first + index / CHIP_LANES], index % CHIP_LANES, potentials);
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
    block->bent_e[n] = (1 - neuron->decay_e) * neuron->bend_e;
    block->bent_i[n] = (1 - neuron->decay_i) * neuron->bend_i;
    block->bowed_e[n] = neuron->gain_e * neuron->bow_e;
    block->bowed_i[n] = neuron->gain_i * neuron->bow_i;
    block->gain_e[n] = neuron->gain_e;
    block->gain_i[n] = neuron->gain_i;
    block->half_v[n] = neuron->half_v;
    block->half_e[n] = neuron->half_e;
    block->half_i[n] = neuron->half_i;
    block->threshold_noise[n] = neuron->threshold_noise;
    block->refractory[n] = neuron->refractory;
    block->noise[n] = neuron->noise;
    block->code_gain[n] = neuron->code_gain;
    block->skew[n] = neuron->skew;
    set_potentials(block, n, &neuron->potentials);
    program->quadrants[shape->first_neuron + index] = neuron->quadrant;
    size_t lane = (size_t)number * CHIP_LANES + n;
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

// Codes as they are written: off by an error that belongs to circuit, row and code. A weight keeps its sign, and code
// zero is off.
static void write_errors(
    const uint32_t *circuits, uint32_t row, const int8_t *codes, float *written, uint32_t count,
    const chip_write_error *error, const chip_functions *functions
) {
    uint32_t counters[CHIP_LANES] = {0};
    float normals[CHIP_LANES];
    for (uint32_t n = 0; n < count; n++) {
        counters[n] = (circuits[n] + row / error->inputs) << 8 | (uint8_t)codes[n];
    }
    functions->normals(
        counters, normals, CHIP_LANES, chip_key_of(error->key, row % error->inputs));
    for (uint32_t n = 0; n < count; n++) {
        if (codes[n] == 0) continue;
        float size = fabsf(written[n]) + error->deviation * normals[n];
        written[n] = copysignf(size > 0 ? size : 0, written[n]);
    }
}

static void write_row(
    const chip_program *program, const chip_array *array, uint32_t row, const int8_t *codes,
    const chip_write_error *error, const chip_functions *functions
) {
    uint32_t size = array->shape.size;
    for (uint32_t block = 0; block < array->shape.block_count; block++) {
        size_t at = ((size_t)block * array->shape.row_count + row) * CHIP_LANES;
        const int8_t *from = codes + (size_t)block * CHIP_LANES;
        uint32_t left = size - block * CHIP_LANES;
        uint32_t count = left < CHIP_LANES ? left : CHIP_LANES;
        float written[CHIP_LANES];
        for (uint32_t n = 0; n < count; n++) written[n] = (float)from[n];
        if (error->deviation > 0) {
            size_t first = ((size_t)array->shape.first_block + block) * CHIP_LANES;
            const uint32_t *circuits = program->lane_circuits + first;
            write_errors(circuits, row, from, written, count, error, functions);
        }
        float *rows = array->rows + at;
        const float *positive = array->positive + at, *negative = array->negative + at;
        if (array->positive_bow) {
            const float *bow = array->positive_bow + at, *other = array->negative_bow + at;
            for (uint32_t n = 0; n < count; n++) {
                float code = written[n], up = positive[n], down = negative[n];
                float up_bow = bow[n], down_bow = other[n], gain = code > 0 ? up : down;
                rows[n] = code * (gain + (code > 0 ? up_bow : down_bow) * fabsf(code));
            }
        } else {
            for (uint32_t n = 0; n < count; n++) {
                float code = written[n], up = positive[n], down = negative[n];
                rows[n] = code * (code > 0 ? up : down);
            }
        }
        if (array->fixed) {
            for (uint32_t n = 0; n < count; n++) rows[n] += array->fixed[at + n];
        }
    }
}

void chip_program_write(
    chip_program *program, const int8_t *codes, const chip_write_error *error, chip_level level
) {
    const chip_functions *functions = chip_functions_of(level);
    for (uint32_t k = 0; k < program->projection_count; k++) {
        const chip_projection *projection = &program->projections[k];
        chip_array *array = &program->arrays[projection->target];
        for (uint32_t source = 0; source < projection->source_count; source++) {
            write_row(program, array, projection->first_row + source, codes, error, functions);
            codes += array->shape.size;
        }
    }
}
