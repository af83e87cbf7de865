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
typedef _Bool bools __attribute__((ext_vector_type(16)));

// What moves the membranes besides currents.
typedef enum { NO_NOISE, WHITE_NOISE, COLOURED_NOISE } chip_noise;

// A block around a step in which lanes may fire: membranes before it, after it, and after it within their rails; currents
// after it.
typedef struct {
    float before[CHIP_LANES], fresh[CHIP_LANES], v[CHIP_LANES], e[CHIP_LANES], i[CHIP_LANES];
} firing;

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
    {run_baseline, weigh_baseline, draw_baseline, normals_baseline},
#if defined(__x86_64__)
    {run_avx2, weigh_avx2, draw_avx2, normals_avx2},
    {run_avx512, weigh_avx512, draw_avx512, normals_avx512},
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
