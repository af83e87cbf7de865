// Control messages (SPEC section 6): protobuf, read and written by hand, and the text of faults.
#include "volley_wire.h"

// Nesting of a control message (CTL-002); the payload is level 1.
#define DEEPEST 4

bool volley_fail(struct volley_fault *fault, enum volley_status status, const char *words) {
    fault->status = status;
    fault->offset = 0;
    fault->length = 0;
    volley_fail_words(fault, words);
    return false;
}

void volley_fail_words(struct volley_fault *fault, const char *words) {
    while (*words && fault->length < sizeof fault->detail) fault->detail[fault->length++] = *words++;
}

void volley_fail_number(struct volley_fault *fault, uint64_t number) {
    char digits[21];
    unsigned first = 20;
    digits[20] = 0;
    do {
        digits[--first] = (char)('0' + number % 10);
        number /= 10;
    } while (number);
    volley_fail_words(fault, digits + first);
}

bool volley_fail_stock(struct volley_fault *fault, enum volley_status status, const char *words, uint64_t need,
                       uint64_t stock) {
    volley_fail(fault, status, words);
    volley_fail_words(fault, ": ");
    volley_fail_number(fault, need);
    volley_fail_words(fault, ", this device has ");
    volley_fail_number(fault, stock);
    return false;
}

bool volley_is_utf8(const uint8_t *bytes, size_t count) {
    for (size_t index = 0; index < count;) {
        uint8_t lead = bytes[index];
        unsigned more = lead < 0x80 ? 0 : lead < 0xc2 ? 9 : lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : lead < 0xf5 ? 3 : 9;
        if (more == 9 || more >= count - index) return false;
        if (more > 0) {
            // The second byte's range excludes long forms, surrogates, and what is above 10FFFF.
            uint8_t second = bytes[index + 1];
            uint8_t lowest = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
            uint8_t highest = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
            if (second < lowest || second > highest) return false;
            for (unsigned next = 2; next <= more; next++) {
                if ((bytes[index + next] & 0xc0) != 0x80) return false;
            }
        }
        index += 1 + more;
    }
    return true;
}

static bool malformed(struct volley_reader *reader, uint32_t offset, const char *words) {
    if (reader->fault->status == VOLLEY_OK) {
        volley_fail(reader->fault, VOLLEY_MALFORMED, words);
        reader->fault->offset = offset;
    }
    reader->offset = reader->end;
    return false;
}

struct volley_reader volley_read(const uint8_t *payload, uint32_t count, struct volley_fault *fault) {
    return (struct volley_reader){payload, 0, count, 1, fault};
}

static bool read_varint(struct volley_reader *reader, uint64_t *value) {
    uint32_t start = reader->offset;
    *value = 0;
    for (unsigned index = 0; index < 10 && reader->offset < reader->end; index++) {
        uint8_t byte = reader->payload[reader->offset++];
        *value |= (uint64_t)(byte & 0x7f) << 7 * index;
        if (byte < 0x80) return true;
    }
    return malformed(reader, start, "a number is cut off or longer than 10 bytes");
}

// Reads one field; those that begin and end a group come as VOLLEY_GROUP, with `value` 1 and 0.
static bool read_field(struct volley_reader *reader, struct volley_field *field) {
    uint32_t start = reader->offset;
    uint64_t key;
    if (!read_varint(reader, &key)) return false;
    if (key >> 32 || key >> 3 == 0) return malformed(reader, start, "a field number of zero or above 2^29");
    field->tag = (uint32_t)(key >> 3);
    uint32_t left, width;
    switch (key & 7) {
    case VOLLEY_VARINT:
        field->type = VOLLEY_VARINT;
        return read_varint(reader, &field->value);
    case VOLLEY_FIXED64:
    case VOLLEY_FIXED32:
        width = (key & 7) == VOLLEY_FIXED64 ? 8 : 4;
        if (reader->end - reader->offset < width) return malformed(reader, start, "a number is cut off");
        field->type = width == 8 ? VOLLEY_FIXED64 : VOLLEY_FIXED32;
        field->value = width == 8 ? volley_get64(reader->payload + reader->offset)
                                  : volley_get32(reader->payload + reader->offset);
        reader->offset += width;
        return true;
    case VOLLEY_LENGTH:
        field->type = VOLLEY_LENGTH;
        if (!read_varint(reader, &field->value)) return false;
        left = reader->end - reader->offset;
        if (field->value > left) return malformed(reader, start, "a field is cut off");
        field->offset = reader->offset;
        field->bytes = reader->payload + reader->offset;
        reader->offset += (uint32_t)field->value;
        return true;
    case 3:
    case 4:
        field->type = VOLLEY_GROUP;
        field->value = (key & 7) == 3;
        return true;
    default: return malformed(reader, start, "an unknown wire type");
    }
}

// Skips what is left of a group that has begun.
static bool skip_group(struct volley_reader *reader, uint32_t tag, uint32_t start) {
    uint32_t open[DEEPEST], count = 0;
    struct volley_field field;
    if (reader->depth + 1 > DEEPEST) return malformed(reader, start, "nested more than 4 deep");
    open[count++] = tag;
    while (count > 0) {
        uint32_t here = reader->offset;
        if (here == reader->end) return malformed(reader, start, "a group without an end");
        if (!read_field(reader, &field)) return false;
        if (field.type != VOLLEY_GROUP) continue;
        if (field.value) {
            if (reader->depth + count + 1 > DEEPEST) return malformed(reader, here, "nested more than 4 deep");
            open[count++] = field.tag;
        } else if (field.tag != open[--count]) {
            return malformed(reader, here, "groups that cross");
        }
    }
    return true;
}

bool volley_next(struct volley_reader *reader, struct volley_field *field) {
    if (reader->fault->status != VOLLEY_OK || reader->offset == reader->end) return false;
    uint32_t start = reader->offset;
    if (!read_field(reader, field)) return false;
    if (field->type != VOLLEY_GROUP) return true;
    if (!field->value) return malformed(reader, start, "the end of a group that has not begun");
    if (!skip_group(reader, field->tag, start)) return false;
    field->tag = 0;
    return true;
}

bool volley_is(const struct volley_field *field, uint32_t tag, enum volley_wire_type type) {
    return field->tag == tag && field->type == type;
}

struct volley_reader volley_inner(const struct volley_reader *reader, const struct volley_field *field) {
    struct volley_reader inner = *reader;
    inner.offset = field->offset;
    inner.end = field->offset + (uint32_t)field->value;
    inner.depth = reader->depth + 1;
    return inner;
}

void volley_check_text(struct volley_reader *reader, const struct volley_field *field) {
    if (!volley_is_utf8(field->bytes, (size_t)field->value)) malformed(reader, field->offset, "text that is not UTF-8");
}

static void append(struct volley_writer *writer, const void *bytes, uint32_t count) {
    if (count > writer->capacity - writer->length) {
        writer->is_full = true;
        return;
    }
    if (count > 0) memcpy(writer->bytes + writer->length, bytes, count);
    writer->length += count;
}

static uint32_t varint(uint8_t bytes[10], uint64_t value) {
    uint32_t count = 0;
    for (; value >= 0x80; value >>= 7) bytes[count++] = (uint8_t)(value | 0x80);
    bytes[count++] = (uint8_t)value;
    return count;
}

static void append_varint(struct volley_writer *writer, uint64_t value) {
    uint8_t bytes[10];
    append(writer, bytes, varint(bytes, value));
}

static void append_key(struct volley_writer *writer, uint32_t tag, enum volley_wire_type type) {
    append_varint(writer, (uint64_t)tag << 3 | (unsigned)type);
}

void volley_write_number(struct volley_writer *writer, uint32_t tag, uint64_t value) {
    if (value == 0) return;
    append_key(writer, tag, VOLLEY_VARINT);
    append_varint(writer, value);
}

void volley_write_fixed32(struct volley_writer *writer, uint32_t tag, uint32_t value) {
    uint8_t bytes[4];
    if (value == 0) return;
    append_key(writer, tag, VOLLEY_FIXED32);
    volley_put32(bytes, value);
    append(writer, bytes, 4);
}

static void write_present64(struct volley_writer *writer, uint32_t tag, uint64_t value) {
    uint8_t bytes[8];
    append_key(writer, tag, VOLLEY_FIXED64);
    volley_put64(bytes, value);
    append(writer, bytes, 8);
}

void volley_write_fixed64(struct volley_writer *writer, uint32_t tag, uint64_t value) {
    if (value != 0) write_present64(writer, tag, value);
}

void volley_write_double(struct volley_writer *writer, uint32_t tag, double value) {
    volley_write_fixed64(writer, tag, volley_bits_of(value));
}

void volley_write_present_double(struct volley_writer *writer, uint32_t tag, double value) {
    write_present64(writer, tag, volley_bits_of(value));
}

void volley_write_bytes(struct volley_writer *writer, uint32_t tag, const void *bytes, uint32_t count) {
    if (count == 0) return;
    append_key(writer, tag, VOLLEY_LENGTH);
    append_varint(writer, count);
    append(writer, bytes, count);
}

void volley_write_text(struct volley_writer *writer, uint32_t tag, const char *text) {
    uint32_t count = 0;
    while (text && text[count]) count++;
    volley_write_bytes(writer, tag, text, count);
}

uint32_t volley_write_begin(struct volley_writer *writer, uint32_t tag) {
    append_key(writer, tag, VOLLEY_LENGTH);
    return writer->length;
}

void volley_write_end(struct volley_writer *writer, uint32_t begin) {
    uint8_t bytes[10];
    uint32_t length = writer->length - begin, width = varint(bytes, length);
    if (width > writer->capacity - writer->length) {
        writer->is_full = true;
        return;
    }
    memmove(writer->bytes + begin + width, writer->bytes + begin, length);
    memcpy(writer->bytes + begin, bytes, width);
    writer->length += width;
}
