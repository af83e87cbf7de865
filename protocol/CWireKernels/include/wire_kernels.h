// The loops over bulk data of the wire: checksums, events, weight codes.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the wire is little-endian and its blocks are copied as they are: a big-endian machine needs loops here"
#endif

/// Whether this processor has an instruction for CRC-32C.
bool wire_have_crc32c(void);
/// Runs `size` bytes through the register `crc`; no inversion before or after. Call it only where the processor has the
/// instruction.
uint32_t wire_crc32c(uint32_t crc, const uint8_t *bytes, size_t size);

/// The index of the first event of an AER32 block with a tick not below `window`, a unit not below `units`, or one that
/// does not follow the event before it in its entry; the number of events if there is none.
///
/// `ends` holds, for each of `entries`, the index after its last event; it must not fall.
size_t wire_first_bad_event(
    const uint8_t *events, const uint32_t *ends, size_t entries, uint32_t units, uint32_t window);

/// Marks in `bitmap` (whole bytes, `count` bits) where two images differ and gathers the new codes there.
///
/// Returns how many there are, or more than `room` as soon as `codes` cannot hold them.
size_t wire_image_delta(
    const int8_t *old, const int8_t *image, size_t count, uint8_t *bitmap, int8_t *codes, size_t room);
/// Writes `changed` codes to the marked places of an image of `count` codes and returns the number of bytes in `bitmap`,
/// or the index of its first byte that marks no place of the image or finds no code left. `used` tells the codes written.
size_t wire_apply_delta(
    const uint8_t *bitmap, const int8_t *codes, size_t changed, int8_t *image, size_t count, size_t *used);
/// The index of the first code whose magnitude is above `limit`; `count` if there is none.
size_t wire_first_code_above(const int8_t *codes, size_t count, int limit);
