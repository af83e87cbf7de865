// Bytes: little-endian numbers, checksum, hash, control messages, and text of errors. No state.
#ifndef VOLLEY_WIRE_H
#define VOLLEY_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/// Status codes (SPEC section 9).
enum volley_status {
    VOLLEY_OK = 0x0000,
    VOLLEY_BAD_MAGIC = 0x0101,
    VOLLEY_BAD_HEADER_CRC = 0x0102,
    VOLLEY_BAD_PAYLOAD_CRC = 0x0103,
    VOLLEY_TOO_LARGE = 0x0104,
    VOLLEY_BAD_FRAGMENT = 0x0105,
    VOLLEY_VERSION = 0x0106,
    VOLLEY_UNKNOWN_TYPE = 0x0107,
    VOLLEY_MALFORMED = 0x0108,
    VOLLEY_RESERVED_NONZERO = 0x0109,
    VOLLEY_SEQUENCE_GAP = 0x010a,
    VOLLEY_STATE = 0x010c,
    VOLLEY_CRITICAL_UNKNOWN = 0x010d,
    VOLLEY_NO_SESSION = 0x0201,
    VOLLEY_LEASE_HELD = 0x0204,
    VOLLEY_LEASE_EXPIRED = 0x0205,
    VOLLEY_FENCED = 0x0206,
    VOLLEY_INVALID = 0x0301,
    VOLLEY_EPOCH_MISMATCH = 0x0304,
    VOLLEY_DUPLICATE_MISMATCH = 0x0306,
    VOLLEY_FORGOTTEN = 0x0308,
    VOLLEY_CANCELLED = 0x0309,
    VOLLEY_BUSY = 0x0401,
    VOLLEY_FAULT = 0x0407,
    VOLLEY_SHUTTING_DOWN = 0x0504
};

// Little-endian numbers at any address.

static inline uint16_t volley_get16(const uint8_t *bytes) {
    return (uint16_t)(bytes[0] | (unsigned)bytes[1] << 8);
}

static inline uint32_t volley_get32(const uint8_t *bytes) {
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

static inline uint64_t volley_get64(const uint8_t *bytes) {
    return (uint64_t)volley_get32(bytes) | (uint64_t)volley_get32(bytes + 4) << 32;
}

static inline void volley_put16(uint8_t *bytes, uint16_t value) {
    bytes[0] = (uint8_t)value;
    bytes[1] = (uint8_t)(value >> 8);
}

static inline void volley_put32(uint8_t *bytes, uint32_t value) {
    volley_put16(bytes, (uint16_t)value);
    volley_put16(bytes + 2, (uint16_t)(value >> 16));
}

static inline void volley_put64(uint8_t *bytes, uint64_t value) {
    volley_put32(bytes, (uint32_t)value);
    volley_put32(bytes + 4, (uint32_t)(value >> 32));
}

static inline uint64_t volley_bits_of(double value) {
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static inline double volley_double_of(uint64_t bits) {
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/// Whether a number is neither infinite nor no number.
static inline bool volley_is_finite(double value) {
    return (volley_bits_of(value) >> 52 & 0x7ff) != 0x7ff;
}

/// Goes on with a CRC32C (SPEC section 4.3) over more bytes; begin with 0.
uint32_t volley_crc32c(uint32_t crc, const void *bytes, size_t count);

/// A SHA-256 in progress (FIPS 180-4).
struct volley_hash {
    uint32_t state[8];
    uint64_t length;
    uint8_t block[64];
};

/// Begins a hash.
void volley_hash_begin(struct volley_hash *hash);
/// Takes more bytes in.
void volley_hash_add(struct volley_hash *hash, const void *bytes, size_t count);
/// The 32 bytes of the hash.
void volley_hash_end(struct volley_hash *hash, uint8_t digest[32]);

/// Whether bytes are UTF-8 (CTL-003): shortest forms, no surrogates, nothing above 10FFFF.
bool volley_is_utf8(const uint8_t *bytes, size_t count);

/// Why a request is refused: the response's status and its `Fault`. `status` is VOLLEY_OK where nothing is wrong.
struct volley_fault {
    enum volley_status status;
    /// The first byte of the field at fault.
    uint32_t offset;
    uint32_t length;
    char detail[160];
};

/// Begins the description of a failure, and returns false; what does not fit is cut off.
bool volley_fail(struct volley_fault *fault, enum volley_status status, const char *words);
/// Goes on with words.
void volley_fail_words(struct volley_fault *fault, const char *words);
/// Goes on with a number.
void volley_fail_number(struct volley_fault *fault, uint64_t number);
/// A failure in the form "WORDS: NEED, this device has STOCK" (CFG-002); returns false.
bool volley_fail_stock(struct volley_fault *fault, enum volley_status status, const char *words, uint64_t need,
                       uint64_t stock);

/// Wire types of protobuf.
enum volley_wire_type {
    VOLLEY_VARINT = 0,
    VOLLEY_FIXED64 = 1,
    VOLLEY_LENGTH = 2,
    VOLLEY_GROUP = 3,
    VOLLEY_FIXED32 = 5
};

/// A control message that is being read. `offset` counts from the start of the payload, for messages in it too.
struct volley_reader {
    const uint8_t *payload;
    uint32_t offset, end, depth;
    struct volley_fault *fault;
};

/// A field of it: `value` of a number, or `bytes` and `value` of them. `tag` is the field's number, 0 for a whole
/// unknown group.
struct volley_field {
    uint32_t tag;
    enum volley_wire_type type;
    uint64_t value;
    uint32_t offset;
    const uint8_t *bytes;
};

/// Begins with a payload; failures go to `fault`, which has to be VOLLEY_OK.
struct volley_reader volley_read(const uint8_t *payload, uint32_t count, struct volley_fault *fault);
/// Reads the next field; false at the end or at a failure. Groups are skipped as a whole (CTL-001, CTL-002).
bool volley_next(struct volley_reader *reader, struct volley_field *field);
/// Whether the field has this number and type; one of another type counts as unknown.
bool volley_is(const struct volley_field *field, uint32_t tag, enum volley_wire_type type);
/// A message in a field.
struct volley_reader volley_inner(const struct volley_reader *reader, const struct volley_field *field);
/// Refuses text that is not UTF-8 (CTL-003).
void volley_check_text(struct volley_reader *reader, const struct volley_field *field);

/// A control message that is being written. Defaults are left out, as proto3 does.
struct volley_writer {
    uint8_t *bytes;
    uint32_t capacity, length;
    /// What was written did not fit.
    bool is_full;
};

/// Writes a number, a flag or an enum.
void volley_write_number(struct volley_writer *writer, uint32_t tag, uint64_t value);
/// Writes a fixed32.
void volley_write_fixed32(struct volley_writer *writer, uint32_t tag, uint32_t value);
/// Writes a fixed64.
void volley_write_fixed64(struct volley_writer *writer, uint32_t tag, uint64_t value);
/// Writes a double.
void volley_write_double(struct volley_writer *writer, uint32_t tag, double value);
/// Writes a double that may be absent, and so is written even if it is zero.
void volley_write_present_double(struct volley_writer *writer, uint32_t tag, double value);
/// Writes bytes.
void volley_write_bytes(struct volley_writer *writer, uint32_t tag, const void *bytes, uint32_t count);
/// Writes a text that ends with zero; NULL is an empty one.
void volley_write_text(struct volley_writer *writer, uint32_t tag, const char *text);
/// Begins a message in the message; returns what `volley_write_end` needs.
uint32_t volley_write_begin(struct volley_writer *writer, uint32_t tag);
/// Ends the message that was begun.
void volley_write_end(struct volley_writer *writer, uint32_t begin);

#endif
