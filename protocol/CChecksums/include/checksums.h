// CRC-32C with the processor's own instruction where it has one.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Whether this processor has the instruction.
bool checksums_have_crc32c(void);
/// Runs `size` bytes through the register `crc`; no inversion before or after. Call it only where the processor has the
/// instruction.
uint32_t checksums_crc32c(uint32_t crc, const uint8_t *bytes, size_t size);
