// Fuzzes the device with whole conversations: an input is a list of actions, of which most send frames with right
// checksums, numbers, session and token, so that what is in them is reached. Build and run it with `make fuzz`.
//
// An action is a byte, of which the low bits choose:
//   0  bytes as they are, on a stream        3  time passes
//   1  a message of any type and payload     4  the link is opened anew; HELLO and OPEN, to resume or not
//   2  the chip works                        5  a good message of a fixed exchange, with one byte changed
// and is followed by what it needs.
#include <stdlib.h>

#include "../tiny_chip.h"
#include "../volley_device.h"

static struct volley_device device;
static struct tiny_chip tiny;
static uint64_t now, sequence, request;

struct input {
    const uint8_t *bytes;
    size_t left;
};

static uint8_t take(struct input *input) {
    if (input->left == 0) return 0;
    input->left--;
    return *input->bytes++;
}

// What the device sends is read, or not, and has to be frames that are right.
static void drain(void) {
    const uint8_t *bytes;
    for (size_t count; (count = volley_transmit(&device, 0, &bytes)) > 0;) {
        uint32_t length = volley_get32(bytes + 8);
        bool is_whole = count == VOLLEY_HEADER_BYTES + length + (length ? VOLLEY_TRAILER_BYTES : 0u);
        if (!is_whole || memcmp(bytes, "VLY1", 4) != 0 || length > VOLLEY_FRAME_BYTES) abort();
        if (volley_get32(bytes + 60) != volley_crc32c(0, bytes, 60)) abort();
        if (length > 0 && volley_get32(bytes + 64 + length) != volley_crc32c(0, bytes + 64, length)) abort();
        volley_transmitted(&device, 0, count);
    }
}

static void feed(const uint8_t *bytes, size_t count) {
    while (count > 0) {
        size_t taken = volley_receive(&device, 0, bytes, count, now);
        bytes += taken;
        count -= taken;
        if (count > 0) drain();
    }
}

static void send(uint8_t type, const uint8_t *payload, uint32_t length, bool is_notice) {
    uint8_t header[64] = {0}, trailer[4];
    const struct volley_link *link = &device.links[0];
    const bool is_bulk = type == 0x25 || type == 0x30;
    memcpy(header, "VLY1", 4);
    header[4] = 1;
    header[5] = 16;
    header[6] = type;
    volley_put32(header + 8, length);
    volley_put16(header + 14, 1);
    volley_put64(header + 16, link->session < 0 ? 0 : device.sessions[link->session].id);
    volley_put64(header + 24, sequence++);
    volley_put64(header + 32, is_notice ? 0 : ++request);
    volley_put32(header + 40, device.lease.token);
    header[46] = is_bulk;
    volley_put32(header + 48, length);
    volley_put32(header + 60, volley_crc32c(0, header, 60));
    volley_put32(trailer, volley_crc32c(0, payload, length));
    feed(header, sizeof header);
    feed(payload, length);
    if (length > 0) feed(trailer, sizeof trailer);
}

static void greet(bool resumes) {
    uint8_t bytes[160];
    struct volley_writer hello = {bytes, sizeof bytes, 0, false};
    uint64_t id = device.sessions[0].id;
    uint8_t token[16];
    memcpy(token, device.sessions[0].token, 16);
    volley_link_open(&device, 0, VOLLEY_STREAM, now);
    sequence = 0;
    uint32_t versions = volley_write_begin(&hello, 1);
    volley_write_number(&hello, 1, 1);
    volley_write_number(&hello, 2, 1);
    volley_write_end(&hello, versions);
    uint32_t limits = volley_write_begin(&hello, 4);
    for (uint32_t tag = 1; tag <= 5; tag++) volley_write_number(&hello, tag, tag < 4 ? 2048 : 2);
    volley_write_end(&hello, limits);
    volley_write_bytes(&hello, 5, "sixteen bytes...", 16);
    send(0x01, bytes, hello.length, false);
    struct volley_writer open = {bytes, sizeof bytes, 0, false};
    volley_write_bytes(&open, 1, "run of 16 bytes.", 16);
    volley_write_text(&open, 2, "fuzz");
    if (resumes) {
        volley_write_fixed64(&open, 3, id);
        volley_write_bytes(&open, 4, token, 16);
    }
    volley_write_number(&open, 5, 100000);
    send(0x02, bytes, open.length, false);
    drain();
}

static void write_population(struct volley_writer *writer, uint32_t kind, uint32_t size) {
    uint32_t population = volley_write_begin(writer, 2);
    volley_write_number(writer, 1, kind);
    volley_write_number(writer, 2, size);
    uint32_t targets = volley_write_begin(writer, 3);
    static const double values[8] = {80, 80, 150, 6, 6, 6, 2, 1};
    for (uint32_t tag = 1; tag <= 8; tag++) volley_write_double(writer, tag, values[tag - 1]);
    volley_write_end(writer, targets);
    volley_write_end(writer, population);
}

// 2 inputs, 3 spiking neurons, 1 that integrates: 9 synapses.
static uint32_t configure(uint8_t *bytes, uint32_t room) {
    struct volley_writer writer = {bytes, room, 0, false};
    volley_write_number(&writer, 1, 2);
    write_population(&writer, 1, 3);
    write_population(&writer, 2, 1);
    volley_write_bytes(&writer, 3, "", 0);
    uint32_t first = volley_write_begin(&writer, 3);
    volley_write_end(&writer, first);
    uint32_t second = volley_write_begin(&writer, 3);
    bytes[writer.length++] = 0x08;
    bytes[writer.length++] = 0x00;
    volley_write_number(&writer, 2, 1);
    volley_write_end(&writer, second);
    volley_write_number(&writer, 4, 1000);
    volley_write_number(&writer, 5, 4);
    volley_write_number(&writer, 6, 250);
    return writer.length;
}

static uint32_t execute(uint8_t *bytes, uint32_t room, uint32_t batch, const uint8_t *stage, uint32_t staged) {
    struct volley_writer writer = {bytes, room, 0, false};
    struct volley_hash hash;
    uint8_t digest[32], fixed[13] = {0}, configuration[32] = {0};
    if (device.configuration >= 0) {
        memcpy(configuration, device.configurations[device.configuration].value.hash, 32);
    }
    uint32_t crc = device.image < 0 ? 0 : device.images[device.image].crc;
    volley_put32(fixed, crc);
    fixed[4] = 1;
    volley_put32(fixed + 9, 4);
    volley_hash_begin(&hash);
    volley_hash_add(&hash, configuration, 32);
    volley_hash_add(&hash, fixed, 13);
    volley_hash_add(&hash, stage + 8, staged - 8);
    volley_hash_end(&hash, digest);
    volley_write_number(&writer, 1, batch);
    bytes[writer.length++] = 0x18;
    bytes[writer.length++] = 0x00;
    volley_write_bytes(&writer, 4, configuration, 32);
    volley_write_number(&writer, 5, device.image < 0 ? 0 : device.images[device.image].epoch);
    volley_write_fixed32(&writer, 6, crc);
    uint32_t observables = volley_write_begin(&writer, 7);
    volley_write_number(&writer, 1, 1);
    volley_write_number(&writer, 3, 4);
    volley_write_end(&writer, observables);
    volley_write_number(&writer, 8, 1 + batch % 2);
    volley_write_bytes(&writer, 9, digest, 32);
    return writer.length;
}

// Message `step` of an exchange, with the byte at `place` changed by `change`.
static void exchange(uint8_t step, uint8_t place, uint8_t change) {
    uint8_t bytes[512] = {0}, stage[60] = {0};
    uint32_t length = 0;
    static const uint8_t types[8] = {0x10, 0x21, 0x25, 0x26, 0x30, 0x31, 0x34, 0x06};
    volley_put16(stage + 8, 1);
    volley_put32(stage + 12, 2);
    volley_put32(stage + 16, 8000);
    volley_put32(stage + 20, 1000);
    volley_put32(stage + 24, 2);
    volley_put32(stage + 28, 3);
    volley_put32(stage + 40, 1);
    volley_put32(stage + 44, 3);
    volley_put16(stage + 48, 5);
    volley_put16(stage + 52, 7);
    volley_put16(stage + 56, 900);
    volley_put16(stage + 58, 1);
    switch (step % 8) {
    case 0:
        bytes[0] = 0x08, bytes[1] = 0x90, bytes[2] = 0x4e;
        length = 3;
        break;
    case 1: length = configure(bytes, sizeof bytes); break;
    case 2:
        bytes[0] = 1;
        volley_put32(bytes + 4, 9);
        volley_put32(bytes + 12, 1);
        volley_put32(bytes + 20, 9);
        memset(bytes + 32, 50, 9);
        volley_put32(bytes + 16, volley_crc32c(0, bytes + 32, 9));
        length = 41;
        break;
    case 3:
        if (device.shadow >= 0) {
            struct volley_writer writer = {bytes, sizeof bytes, 0, false};
            volley_write_number(&writer, 1, device.images[device.shadow].epoch);
            volley_write_fixed32(&writer, 2, device.images[device.shadow].crc);
            length = writer.length;
        }
        break;
    case 4:
        memcpy(bytes, stage, sizeof stage);
        length = sizeof stage;
        break;
    case 5: length = execute(bytes, sizeof bytes, 1 + step / 8 % 4, stage, sizeof stage); break;
    case 6:
        bytes[0] = 0x08, bytes[1] = (uint8_t)(request & 0x7f);
        length = 2;
        break;
    default:
        bytes[0] = 0x08, bytes[1] = (uint8_t)(1 + step / 8 % 4);
        length = 2;
    }
    if (length > 0) bytes[place % length] ^= change;
    send(types[step % 8], bytes, length, step % 8 == 6);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count) {
    struct input input = {bytes, count};
    struct volley_identity identity = {.serial = 1, .boot = 1, .start_number = 1};
    struct volley_chip functions = tiny_chip_functions(&tiny);
    now = sequence = request = 0;
    if (volley_start(&device, &identity, &functions, now)) abort();
    greet(false);
    while (input.left > 0) {
        uint8_t action = take(&input);
        uint8_t type, length, payload[255];
        switch (action % 6) {
        case 0:
            length = take(&input);
            if (length > input.left) length = (uint8_t)input.left;
            feed(input.bytes, length);
            input.bytes += length;
            input.left -= length;
            break;
        case 1:
            type = take(&input);
            length = take(&input);
            if (length > input.left) length = (uint8_t)input.left;
            memcpy(payload, input.bytes, length);
            input.bytes += length;
            input.left -= length;
            send(type, payload, length, type == 0x05 || type == 0x34);
            break;
        case 2: volley_work(&device, now); break;
        case 3:
            now += (uint64_t)take(&input) * 300;
            volley_tick(&device, now);
            break;
        case 4: greet(action & 8); break;
        default: {
            uint8_t step = take(&input), place = take(&input);
            exchange(step, place, action & 0x80 ? take(&input) : 0);
        }
        }
        // A host that does not always read.
        if (!(action & 0x40)) drain();
    }
    return 0;
}
