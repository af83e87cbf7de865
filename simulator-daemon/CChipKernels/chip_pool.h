// Normal numbers in stock.
//
// The normal numbers of a vector are a line of the pool, or its negative; which, a hash says. A column of the pool holds
// the quantiles of the normal distribution in random order, and the columns are made uncorrelated. So over the lines
// each lane has mean 0 and variance 1, and no two lanes are correlated.
#pragma once
#include "chip_random.h"

enum { POOL_WIDTH = 16, POOL_LINES = 4096 };

typedef struct {
    _Alignas(64) float lines[POOL_LINES][POOL_WIDTH];
} chip_pool;

// The pool; the same on all machines.
const chip_pool *chip_pool_shared(void);

// A hash that chooses lines for the two vectors of a block, 32 bits each.
static inline uint64_t chip_pool_choice(uint64_t key, uint32_t instant, uint32_t block) {
    return chip_mix(key + ((uint64_t)instant << 32 | block) * 0x9e3779b97f4a7c15ull);
}
