#include "training_kernels.h"

#include <string.h>

// No fused multiply-add: every instruction set then rounds alike.
#pragma clang fp contract(off)
#pragma clang diagnostic ignored "-Wpsabi"

#define INLINE static inline __attribute__((always_inline))
#define LANES 16
// Vectors of a block. Arrays of vectors have this length whatever is used of them: only then they become registers.
#define WIDEST (TK_BLOCK / LANES)

// Bytes by which reading codes runs ahead.
#define AHEAD 2048

// What a layer does with spikes.
enum { SPIKES_NONE, SPIKES_MODELLED, SPIKES_GIVEN };

// Vectors of 16 lanes, which the compiler splits for narrower machines. In memory they are not aligned.
typedef float vf __attribute__((vector_size(64)));
typedef int32_t vi __attribute__((vector_size(64)));
typedef float vf_memory __attribute__((vector_size(64), aligned(4)));
typedef int32_t vi_memory __attribute__((vector_size(64), aligned(4)));
typedef double vd __attribute__((vector_size(128)));
typedef double vd_memory __attribute__((vector_size(128), aligned(8)));
typedef int64_t vl __attribute__((vector_size(128)));
typedef uint8_t vb __attribute__((vector_size(16)));
typedef int8_t vc __attribute__((vector_size(16)));
typedef uint8_t vb_memory __attribute__((vector_size(16), aligned(1)));
typedef _Bool vmask __attribute__((ext_vector_type(16)));

#define JOIN_(a, b) a##_##b
#define JOIN(a, b) JOIN_(a, b)
#define X(name) JOIN(name, LEVEL)

// Entries and vectors of each that are summed up at once where weights are read for several entries: as many as there
// are registers for. Divides TK_TOGETHER.
#define LEVEL baseline
#define TILE_ENTRIES 2
#define TILE_VECTORS 1
#include "kernels.h"
#undef TILE_VECTORS
#undef TILE_ENTRIES
#undef LEVEL

#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("arch=x86-64-v3"))), apply_to = function)
#define LEVEL v3
#define TILE_ENTRIES 4
#define TILE_VECTORS 1
#include "kernels.h"
#undef TILE_VECTORS
#undef TILE_ENTRIES
#undef LEVEL
#pragma clang attribute pop

#pragma clang attribute push(__attribute__((target("arch=x86-64-v4"))), apply_to = function)
#define LEVEL v4
#define TILE_ENTRIES 4
#define TILE_VECTORS 4
#include "kernels.h"
#undef TILE_VECTORS
#undef TILE_ENTRIES
#undef LEVEL
#pragma clang attribute pop

int tk_best_level(void) {
    __builtin_cpu_init();
    if (__builtin_cpu_supports("x86-64-v4")) return 2;
    return __builtin_cpu_supports("x86-64-v3") ? 1 : 0;
}

const tk_kernels *tk_kernels_of(int level) {
    static const tk_kernels *const table[3] = {&kernels_baseline, &kernels_v3, &kernels_v4};
    return table[level];
}
#else
int tk_best_level(void) { return 0; }

const tk_kernels *tk_kernels_of(int level) {
    (void)level;
    return &kernels_baseline;
}
#endif

void tk_scatter(size_t rows, size_t words, const tk_events *events, uint16_t *bits) {
    memset(bits, 0, rows * words * sizeof *bits);
    for (size_t row = 0; row < rows; row++)
        for (uint32_t i = events->offsets[row]; i < events->offsets[row + 1]; i++) {
            uint16_t unit = events->units[i];
            bits[row * words + unit / LANES] |= (uint16_t)(1u << unit % LANES);
        }
}

void tk_bin(const tk_trains *p, size_t first, size_t entries, size_t steps, uint32_t *last_bins, uint32_t *offsets,
            uint16_t *units) {
    // tick / period as a product: exact, as the product's error is below 2^16 / 2^32 and ticks have 16 bits.
    const uint64_t inverse = ((uint64_t)1 << 32) / p->period + 1;
    memset(last_bins, 0, p->units * sizeof *last_bins);
    uint32_t event = first ? p->ends[first - 1] : 0, count = 0, bins = 0;
    *offsets++ = 0;
    for (size_t entry = first; entry < first + entries; entry++, offsets += steps, bins += (uint32_t)steps) {
        memset(offsets, 0, steps * sizeof *offsets);
        for (; event < p->ends[entry]; event++) {
            const uint32_t tick = p->events[event] & 0xffff;
            const size_t unit = (p->events[event] >> 16) - p->first, step = (tick * inverse >> 32) + p->shift;
            if (unit >= p->units || step >= steps) continue;
            // Whether a unit was in the bin already is hard to guess: it is written in any case, and kept if it was not.
            const uint32_t bin = bins + (uint32_t)step + 1;
            units[count] = (uint16_t)unit;
            count += last_bins[unit] != bin;
            last_bins[unit] = bin;
            offsets[step] = count;
        }
        // Empty bins end where the one before them does.
        uint32_t end = offsets[-1];
        for (size_t step = 0; step < steps; step++) offsets[step] = end = offsets[step] > end ? offsets[step] : end;
    }
}

void tk_transpose(size_t rows, size_t columns, size_t in_stride, const float *in, float factor, size_t out_stride,
                  float *out) {
    for (size_t column = 0; column < columns; column++) {
        float *o = out + column * out_stride;
        for (size_t row = 0; row < rows; row++) o[row] = in[row * in_stride + column] * factor;
        memset(o + rows, 0, (out_stride - rows) * sizeof *o);
    }
}
