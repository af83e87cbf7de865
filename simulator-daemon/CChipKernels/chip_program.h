// The inside of a program.
#pragma once
#include "chip_block.h"

enum { SHARE_TERMS = 6 };

typedef struct {
    chip_population shape;
    bool cyclic;    // whether its group is
    bool compares;  // whether one of its neurons may fire
    // The shares of an event a fraction f before the end of its step: the sum of shares[k] f^(k + 1).
    chip_shares shares[SHARE_TERMS];
    float *positive, *negative, *rows;    // [block, row, lane]
    float *positive_bow, *negative_bow;   // the same, or NULL
    float *fixed;                         // the same, or NULL
} chip_array;

struct chip_program {
    uint32_t array_count, projection_count, group_count, block_count, neuron_count;
    chip_array *arrays;
    chip_projection *projections;
    uint32_t *order;
    chip_group *groups;
    chip_block *blocks;
    chip_lane *lanes;        // [lane]
    uint32_t *quadrants;     // [neuron]
    uint32_t *lane_neurons;  // neuron of each lane
    uint32_t *lane_circuits; // its first circuit
};
