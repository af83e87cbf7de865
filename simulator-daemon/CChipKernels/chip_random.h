// Keys of random numbers.
#pragma once
#include <stdint.h>

// Key of the random numbers of one purpose.
typedef struct {
    uint32_t a, b;
} chip_key;

// The finaliser of MurmurHash3 (A. Appleby).
static inline uint64_t chip_mix(uint64_t value) {
    value = (value ^ value >> 33) * 0xff51afd7ed558ccdull;
    value = (value ^ value >> 33) * 0xc4ceb9fe1a85ec53ull;
    return value ^ value >> 33;
}

// The key of an index under a key.
static inline chip_key chip_key_of(uint64_t key, uint64_t index) {
    uint64_t value = chip_mix(key + index * 0x9e3779b97f4a7c15ull);
    return (chip_key){(uint32_t)value, (uint32_t)(value >> 32)};
}
