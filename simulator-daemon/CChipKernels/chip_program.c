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

static bool fill_array(chip_program *program, uint32_t index, const chip_population *shape) {
    chip_array *array = &program->arrays[index];
    array->shape = *shape;
    size_t synapses = (size_t)shape->block_count * shape->row_count * CHIP_LANES;
    array->positive = allocate(synapses, sizeof(float));
    array->negative = allocate(synapses, sizeof(float));
    array->rows = allocate(synapses, sizeof(float));
    return array->positive && array->negative && array->rows;
}

chip_program *chip_program_create(
    const chip_population *populations, uint32_t population_count,
    const chip_projection *projections, uint32_t projection_count, const uint32_t *order,
    const chip_group *groups, uint32_t group_count
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
    program->lane_neurons = allocate(
        (size_t)program->block_count * CHIP_LANES, sizeof *program->lane_neurons);
    bool good = program->arrays && program->projections && program->order && program->groups
        && program->blocks && program->quadrants && program->lane_neurons;
    if (program->arrays) program->array_count = population_count;
    for (uint32_t k = 0; good && k < population_count; k++) {
        good = fill_array(program, k, &populations[k]);
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
    }
    free(program->arrays);
    free(program->projections);
    free(program->order);
    free(program->groups);
    free(program->blocks);
    free(program->quadrants);
    free(program->lane_neurons);
    free(program);
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
    block->threshold[n] = neuron->threshold;
    block->threshold_noise[n] = neuron->threshold_noise;
    block->reset[n] = neuron->reset;
    block->refractory[n] = neuron->refractory;
    block->noise[n] = neuron->noise;
    block->lower[n] = neuron->lower;
    block->upper[n] = neuron->upper;
    block->code_gain[n] = neuron->code_gain;
    block->code_offset[n] = neuron->code_offset;
    block->leak[n] = neuron->leak;
    program->quadrants[shape->first_neuron + index] = neuron->quadrant;
    program->lane_neurons[(size_t)number * CHIP_LANES + n] = shape->first_neuron + index;
}

void chip_program_set_gains(
    chip_program *program, uint32_t population, uint32_t row, const float *positive,
    const float *negative
) {
    chip_array *array = &program->arrays[population];
    for (uint32_t index = 0; index < array->shape.size; index++) {
        size_t block = index / CHIP_LANES, lane = index % CHIP_LANES;
        size_t at = (block * array->shape.row_count + row) * CHIP_LANES + lane;
        array->positive[at] = positive[index];
        array->negative[at] = negative[index];
    }
}

static void write_row(chip_array *array, uint32_t row, const int8_t *codes) {
    uint32_t size = array->shape.size;
    for (uint32_t block = 0; block < array->shape.block_count; block++) {
        size_t at = ((size_t)block * array->shape.row_count + row) * CHIP_LANES;
        const int8_t *from = codes + (size_t)block * CHIP_LANES;
        uint32_t left = size - block * CHIP_LANES;
        uint32_t count = left < CHIP_LANES ? left : CHIP_LANES;
        for (uint32_t n = 0; n < count; n++) {
            float gain = from[n] > 0 ? array->positive[at + n] : array->negative[at + n];
            array->rows[at + n] = (float)from[n] * gain;
        }
    }
}

void chip_program_write(chip_program *program, const int8_t *codes) {
    for (uint32_t k = 0; k < program->projection_count; k++) {
        const chip_projection *projection = &program->projections[k];
        chip_array *array = &program->arrays[projection->target];
        for (uint32_t source = 0; source < projection->source_count; source++) {
            write_row(array, projection->first_row + source, codes);
            codes += array->shape.size;
        }
    }
}
