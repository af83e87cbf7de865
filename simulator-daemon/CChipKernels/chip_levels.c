// The block kernel, compiled once for each instruction set.
#pragma clang fp contract(off)  // no fused multiply-add: all levels round alike
#pragma clang diagnostic ignored "-Wpsabi"
#include "chip_block.h"
#include "chip_pool.h"
#include <math.h>
#include <string.h>

#define INLINE static inline __attribute__((always_inline))
#define JOIN_(a, b) a##_##b
#define JOIN(a, b) JOIN_(a, b)
#define X(name) JOIN(name, LEVEL)

enum { WIDTH = 16, VECTORS = CHIP_LANES / WIDTH };
typedef float floats __attribute__((vector_size(64)));
typedef int32_t ints __attribute__((vector_size(64)));
typedef uint32_t words __attribute__((vector_size(64)));
typedef uint8_t bytes __attribute__((vector_size(16)));
typedef int8_t codes __attribute__((vector_size(LANES_WRITTEN)));
typedef _Bool bools __attribute__((ext_vector_type(16)));

// What moves the membranes besides currents.
typedef enum { NO_NOISE, WHITE_NOISE, COLOURED_NOISE } chip_noise;

// A block around a step in which lanes may fire: membranes before and after it, regardless of rails; currents after it;
// its events; the lanes that fired.
typedef struct {
    _Alignas(64) float before[CHIP_LANES];
    float fresh[CHIP_LANES], e[CHIP_LANES], i[CHIP_LANES];
    const chip_event *first, *end;
    uint32_t fired;
} firing;

// A lane within a step that nothing resets: its membrane at both ends, what inhibition of the step's events took off it
// by the end, what noise adds; slopes by its currents at the start.
typedef struct {
    float before, fresh, dropped, noise, slope_e, slope_i;
} way;

// The next release of a block, if there is one.
static inline const chip_release *first_due(const chip_state *state) {
    return &state->releases[state->first_release % CHIP_LANES];
}

// Its step.
static inline uint32_t next_release(const chip_state *state) {
    if (state->first_release == state->end_release) return UINT32_MAX;
    return (uint32_t)first_due(state)->time;
}

// Holds a lane until a time.
static inline void hold(chip_state *state, uint32_t lane, float time) {
    uint32_t place = state->end_release++;
    for (; place != state->first_release; place--) {
        chip_release *last = &state->releases[(place - 1) % CHIP_LANES];
        if (last->time <= time) break;
        state->releases[place % CHIP_LANES] = *last;
    }
    state->releases[place % CHIP_LANES] = (chip_release){time, lane};
    state->held |= 1u << lane;
}

#define LEVEL baseline
#include "chip_block.inc"
#undef LEVEL
#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("arch=x86-64-v3"))), apply_to = function)
#define LEVEL avx2
#include "chip_block.inc"
#undef LEVEL
#pragma clang attribute pop
#pragma clang attribute push(__attribute__((target("arch=x86-64-v4"))), apply_to = function)
#define LEVEL avx512
#include "chip_block.inc"
#undef LEVEL
#pragma clang attribute pop
#endif

static const chip_functions table[] = {
    {run_baseline, start_baseline, write_baseline, normals_baseline},
#if defined(__x86_64__)
    {run_avx2, start_avx2, write_avx2, normals_avx2},
    {run_avx512, start_avx512, write_avx512, normals_avx512},
#endif
};

chip_level chip_best_level(void) {
#if defined(__x86_64__)
    __builtin_cpu_init();
    bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")
        && __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2");
    bool avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw")
        && __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq")
        && __builtin_cpu_supports("avx512vl");
    if (avx2 && avx512) return CHIP_AVX512;
    if (avx2) return CHIP_AVX2;
#endif
    return CHIP_BASELINE;
}

void chip_normals(
    chip_level level, uint64_t key, const uint32_t *counters, float *normals, uint32_t count
) {
    chip_functions_of(level)->normals(counters, normals, count, chip_key_of(key, 0));
}

const chip_functions *chip_functions_of(chip_level level) {
    chip_level best = chip_best_level();
    return &table[level < best ? level : best];
}
