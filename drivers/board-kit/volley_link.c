// Links: bytes to frames, frames to messages, and back (SPEC sections 3 and 4).
#include "volley_private.h"

enum { KNOWN_FLAGS = VOLLEY_RESPONSE | VOLLEY_FINAL | VOLLEY_DUPLICATE };

static bool is_bulk(uint8_t type) { return type == VOLLEY_WEIGHTS || type == VOLLEY_STAGE || type == VOLLEY_RESULT; }

// Links as such

static void begin_link(struct volley_link *link) {
    // Until limits are agreed on, nobody gets more than a control message's memory (LIM-002).
    uint32_t least = VOLLEY_FRAME_BYTES < VOLLEY_CONTROL_BYTES ? VOLLEY_FRAME_BYTES : VOLLEY_CONTROL_BYTES;
    link->limits = (struct volley_limits){least, VOLLEY_CONTROL_BYTES, VOLLEY_CONTROL_BYTES, 1, 1};
    link->session = -1;
    link->last_request = 0;
    link->next_sequence = 0;
    link->assemblies[0].is_open = link->assemblies[1].is_open = false;
    link->owes_goaway = link->result_is_next = false;
    link->stream.job = -1;
}

void volley_forget_link(struct volley_device *device, struct volley_link *link, bool is_deaf) {
    struct volley_session *session = volley_session_of(device, link);
    volley_stop_deliveries(device, link);
    if (session && session->link == (int8_t)(link - device->links)) session->link = -1;
    begin_link(link);
    link->state = is_deaf ? VOLLEY_LINK_DEAF : VOLLEY_LINK_NEW;
    link->sent_sequence = 0;
}

void volley_link_open(struct volley_device *device, unsigned number, enum volley_carrier carrier, uint64_t now) {
    struct volley_link *link = &device->links[number];
    device->now = now;
    if (link->state != VOLLEY_LINK_CLOSED) volley_forget_link(device, link, false);
    begin_link(link);
    link->state = VOLLEY_LINK_NEW;
    link->carrier = carrier;
    link->heard = now;
    link->sent_sequence = 0;
    link->input = VOLLEY_IN_HEADER;
    link->filled = 0;
    link->output_start = link->output_frame_end = link->output_end = 0;
}

void volley_link_close(struct volley_device *device, unsigned number) {
    struct volley_link *link = &device->links[number];
    if (link->state == VOLLEY_LINK_CLOSED) return;
    volley_forget_link(device, link, false);
    link->state = VOLLEY_LINK_CLOSED;
    link->output_start = link->output_frame_end = link->output_end = 0;
}

void volley_end_link(struct volley_device *device, struct volley_link *link, enum volley_status status,
                     const char *words, uint32_t offset) {
    struct volley_writer payload = volley_payload(link);
    struct volley_header header = {.type = VOLLEY_ERROR, .fragments = 1, .status = (uint16_t)status};
    device->counters.link_errors++;
    if (status == VOLLEY_BAD_HEADER_CRC || status == VOLLEY_BAD_PAYLOAD_CRC) device->counters.checksum_errors++;
    volley_write_text(&payload, 1, words);
    if (status == VOLLEY_VERSION) {
        uint32_t versions = volley_write_begin(&payload, 4);
        volley_write_number(&payload, 1, 1);
        volley_write_number(&payload, 2, 1);
        volley_write_end(&payload, versions);
    }
    volley_write_number(&payload, 5, offset);
    // A peer that never reads gets no more than one ERROR.
    if (!payload.is_full) volley_send(device, link, header, &payload);
    bool is_stream = link->carrier == VOLLEY_STREAM;
    volley_forget_link(device, link, is_stream);
    if (!is_stream) link->input = VOLLEY_IN_REST;
}

// Output

struct volley_writer volley_payload(struct volley_link *link) {
    if (link->output_start == link->output_end) link->output_start = link->output_frame_end = link->output_end = 0;
    uint32_t begin = link->output_end + VOLLEY_HEADER_BYTES, size = (uint32_t)sizeof link->output;
    if (size < begin + VOLLEY_TRAILER_BYTES) return (struct volley_writer){link->output, 0, 0, true};
    uint32_t room = size - begin - VOLLEY_TRAILER_BYTES;
    uint32_t capacity = room < link->limits.frame ? room : link->limits.frame;
    return (struct volley_writer){link->output + begin, capacity, 0, false};
}

void volley_send(struct volley_device *device, struct volley_link *link, struct volley_header header,
                 const struct volley_writer *payload) {
    uint8_t *bytes = link->output + link->output_end;
    struct volley_session *session = volley_session_of(device, link);
    uint32_t length = payload ? payload->length : 0;
    memset(bytes, 0, VOLLEY_HEADER_BYTES);
    memcpy(bytes, "VLY1", 4);
    bytes[4] = 1;
    bytes[5] = VOLLEY_HEADER_BYTES / 4;
    bytes[6] = header.type;
    bytes[7] = header.flags;
    volley_put32(bytes + 8, length);
    volley_put16(bytes + 12, header.fragment);
    volley_put16(bytes + 14, header.fragments);
    volley_put64(bytes + 16, session ? session->id : 0);
    volley_put64(bytes + 24, link->sent_sequence++);
    volley_put64(bytes + 32, header.request);
    volley_put16(bytes + 44, header.status);
    // Chunks alone are bulk: answers to WEIGHTS and STAGE, and the refusal of a host's RESULT, come between them.
    bytes[46] = header.type == VOLLEY_RESULT && !(header.flags & VOLLEY_FINAL);
    volley_put32(bytes + 48, header.fragments > 1 ? header.total : length);
    volley_put32(bytes + 60, volley_crc32c(0, bytes, 60));
    link->output_end += VOLLEY_HEADER_BYTES + length;
    if (length > 0) {
        uint8_t *end = bytes + VOLLEY_HEADER_BYTES + length;
        volley_put32(end, volley_crc32c(0, end - length, length));
        link->output_end += VOLLEY_TRAILER_BYTES;
    }
    device->counters.sent++;
}

void volley_answer(struct volley_device *device, struct volley_link *link, const struct volley_message *message,
                   const struct volley_writer *payload) {
    struct volley_header header = {.type = message->header->type, .flags = VOLLEY_RESPONSE | VOLLEY_FINAL};
    header.fragments = 1;
    header.request = message->header->request;
    volley_send(device, link, header, payload);
}

void volley_refuse(struct volley_device *device, struct volley_link *link, uint8_t type, uint64_t request,
                   const struct volley_fault *fault) {
    struct volley_writer payload = volley_payload(link);
    struct volley_header header = {.type = type, .flags = VOLLEY_RESPONSE | VOLLEY_FINAL, .fragments = 1};
    header.request = request;
    header.status = (uint16_t)fault->status;
    volley_write_bytes(&payload, 1, fault->detail, fault->length);
    if (fault->status == VOLLEY_LEASE_HELD) volley_write_holder(device, &payload, 3);
    if (fault->status == VOLLEY_VERSION) {
        uint32_t versions = volley_write_begin(&payload, 4);
        volley_write_number(&payload, 1, 1);
        volley_write_number(&payload, 2, 1);
        volley_write_end(&payload, versions);
    }
    volley_write_number(&payload, 5, fault->offset);
    volley_send(device, link, header, &payload);
}

size_t volley_transmit(struct volley_device *device, unsigned number, const uint8_t **bytes) {
    struct volley_link *link = &device->links[number];
    if (link->state == VOLLEY_LINK_CLOSED) return 0;
    while (link->output_start == link->output_end) {
        // A message that waits and results take turns, so that neither keeps the other waiting for long.
        if (link->input == VOLLEY_IN_WHOLE && !link->result_is_next) {
            if (link->carrier == VOLLEY_FRAMES) return 0;
            volley_receive(device, number, NULL, 0, device->now);
        } else {
            link->result_is_next = false;
            volley_send_results(device, link);
            if (link->output_start == link->output_end && link->input != VOLLEY_IN_WHOLE) return 0;
        }
    }
    if (link->output_start == link->output_frame_end) {
        uint32_t length = volley_get32(link->output + link->output_start + 8);
        link->output_frame_end += VOLLEY_HEADER_BYTES + length + (length ? VOLLEY_TRAILER_BYTES : 0);
    }
    *bytes = link->output + link->output_start;
    return link->output_frame_end - link->output_start;
}

void volley_transmitted(struct volley_device *device, unsigned number, size_t count) {
    device->links[number].output_start += (uint32_t)count;
}

// Input

static void read_header(struct volley_header *header, const uint8_t *bytes) {
    header->type = bytes[6];
    header->flags = bytes[7];
    header->length = volley_get32(bytes + 8);
    header->fragment = volley_get16(bytes + 12);
    header->fragments = volley_get16(bytes + 14);
    header->session = volley_get64(bytes + 16);
    header->sequence = volley_get64(bytes + 24);
    header->request = volley_get64(bytes + 32);
    header->token = volley_get32(bytes + 40);
    header->status = volley_get16(bytes + 44);
    header->channel = bytes[46];
    header->total = volley_get32(bytes + 48);
    header->deadline = volley_get32(bytes + 52);
}

// Whether a fragment continues the message of its channel: equal headers but for index, length, sequence, checksum.
static bool continues(const struct volley_assembly *assembly, const struct volley_header *next) {
    const struct volley_header *first = &assembly->first;
    return next->fragment == assembly->next_fragment && next->fragments == first->fragments
        && next->type == first->type && next->flags == first->flags && next->session == first->session
        && next->request == first->request && next->token == first->token && next->status == first->status
        && next->total == first->total && next->deadline == first->deadline;
}

// Checks what a header says, in the order of FRM-001; ends the link and returns false where it is wrong.
static bool check_header(struct volley_device *device, struct volley_link *link) {
    const uint8_t *bytes = link->header_bytes;
    struct volley_header *header = &link->header;
#define REFUSE(status, words, offset) return volley_end_link(device, link, status, words, offset), false
    if (memcmp(bytes, "VLY1", 4) != 0) REFUSE(VOLLEY_BAD_MAGIC, "this is no frame of VP/1", 0);
    if (volley_get32(bytes + 60) != volley_crc32c(0, bytes, 60)) {
        REFUSE(VOLLEY_BAD_HEADER_CRC, "the header's checksum does not match", 60);
    }
    if (bytes[4] != 1) REFUSE(VOLLEY_VERSION, "this device speaks major version 1", 4);
    if (bytes[5] != VOLLEY_HEADER_BYTES / 4) REFUSE(VOLLEY_MALFORMED, "a header has 16 words", 5);
    if (bytes[7] & ~KNOWN_FLAGS) REFUSE(VOLLEY_RESERVED_NONZERO, "an unknown flag", 7);
    if (bytes[47]) REFUSE(VOLLEY_RESERVED_NONZERO, "a reserved field is not zero", 47);
    if (volley_get32(bytes + 56)) REFUSE(VOLLEY_RESERVED_NONZERO, "a reserved field is not zero", 56);
    if (bytes[46] > 1) REFUSE(VOLLEY_MALFORMED, "a channel above 1", 46);
    read_header(header, bytes);
    uint32_t most = is_bulk(header->type) ? link->limits.message : link->limits.control;
    if (header->length > link->limits.frame) REFUSE(VOLLEY_TOO_LARGE, "the payload is above the frame limit", 8);
    if (header->total > most) REFUSE(VOLLEY_TOO_LARGE, "the message is above its limit", 48);
    if (header->channel == 0 && header->total > VOLLEY_CONTROL_BYTES) {
        REFUSE(VOLLEY_TOO_LARGE, "the message is above the limit of channel 0", 48);
    }
    if (header->fragments == 0) REFUSE(VOLLEY_BAD_FRAGMENT, "a message of no fragments", 14);
    if (header->fragment >= header->fragments) REFUSE(VOLLEY_BAD_FRAGMENT, "the index is not below the count", 12);
    if (header->length > header->total || (header->fragments == 1 && header->length != header->total)) {
        REFUSE(VOLLEY_BAD_FRAGMENT, "the fragments do not add up", 48);
    }
    if (header->fragments > 1 && header->length == 0) REFUSE(VOLLEY_BAD_FRAGMENT, "an empty fragment", 8);
#undef REFUSE
    return true;
}

// The number of a frame and its place in a message (FRM-010 to FRM-012).
static bool check_order(struct volley_device *device, struct volley_link *link) {
    const struct volley_header *header = &link->header;
    struct volley_assembly *assembly = &link->assemblies[header->channel];
    // ERROR from a host is ignored (REQ-007) whatever its number is; the next one's number counts it (FRM-010).
    link->is_stranger = false;
    link->is_repeated = header->type == VOLLEY_ERROR;
    if (link->is_repeated && header->sequence == link->next_sequence) link->next_sequence++;
    if (link->is_repeated) return true;
    // A stranger is told when its payload's checksum has been looked at, and before its number is (HEL-006).
    link->is_stranger = link->state == VOLLEY_LINK_NEW && header->type != VOLLEY_HELLO;
    if (link->is_stranger) return true;
    if (header->sequence < link->next_sequence) return link->is_repeated = true;
    if (header->sequence > link->next_sequence) {
        volley_end_link(device, link, VOLLEY_SEQUENCE_GAP, "a frame is missing before this one", 24);
        return false;
    }
    if (!assembly->is_open) {
        assembly->first = *header;
        assembly->next_fragment = 0;
        assembly->length = 0;
    }
    uint32_t sum = assembly->length + header->length;
    bool is_last = header->fragment + 1 == header->fragments;
    if (!continues(assembly, header) || sum > header->total || (is_last && sum != header->total)) {
        volley_end_link(device, link, VOLLEY_BAD_FRAGMENT, "this frame does not continue its message", 12);
        return false;
    }
    return true;
}

// Where the payload of the frame goes; NULL if it is thrown away.
static uint8_t *destination(struct volley_link *link) {
    if (link->is_repeated || link->is_stranger) return NULL;
    uint32_t offset = link->assemblies[link->header.channel].length + link->filled;
    if (link->header.channel && link->header.total > VOLLEY_BULK_BYTES) return NULL;
    return (link->header.channel ? link->bulk : link->control) + offset;
}

// A frame is there and its checksums are right.
static void take_frame(struct volley_device *device, struct volley_link *link) {
    struct volley_session *session = volley_session_of(device, link);
    link->input = VOLLEY_IN_HEADER;
    link->filled = 0;
    link->result_is_next = true;
    if (link->is_stranger) {
        volley_end_link(device, link, VOLLEY_NO_SESSION, "this link has not said HELLO", 0);
        return;
    }
    device->counters.received++;
    link->heard = device->now;
    if (session) session->heard = device->now;
    if (link->is_repeated) return;
    const struct volley_header header = link->header;
    struct volley_assembly *assembly = &link->assemblies[header.channel];
    link->next_sequence++;
    assembly->length += header.length;
    assembly->next_fragment++;
    assembly->is_open = assembly->next_fragment < header.fragments;
    if (assembly->is_open) return;
    struct volley_message message = {&header, header.channel ? link->bulk : link->control, assembly->length};
    volley_act(device, link, &message);
}

// Goes on where a part of the frame is complete.
static void advance(struct volley_device *device, struct volley_link *link) {
    if (link->input == VOLLEY_IN_HEADER && link->filled == VOLLEY_HEADER_BYTES) {
        if (!check_header(device, link) || !check_order(device, link)) return;
        link->filled = 0;
        link->payload_crc = 0;
        link->input = link->header.length ? VOLLEY_IN_PAYLOAD : VOLLEY_IN_WHOLE;
    }
    if (link->input == VOLLEY_IN_PAYLOAD && link->filled == link->header.length) {
        link->input = VOLLEY_IN_TRAILER;
        link->filled = 0;
    }
    if (link->input == VOLLEY_IN_TRAILER && link->filled == VOLLEY_TRAILER_BYTES) {
        if (volley_get32(link->header_bytes + VOLLEY_HEADER_BYTES) != link->payload_crc) {
            volley_end_link(device, link, VOLLEY_BAD_PAYLOAD_CRC, "the payload's checksum does not match",
                            VOLLEY_HEADER_BYTES + link->header.length);
            return;
        }
        link->input = VOLLEY_IN_WHOLE;
    }
}

// Takes bytes into the part of the frame that is being filled.
static size_t fill(struct volley_link *link, const uint8_t *bytes, size_t count) {
    bool is_payload = link->input == VOLLEY_IN_PAYLOAD;
    uint32_t whole = is_payload                            ? link->header.length
                     : link->input == VOLLEY_IN_HEADER ? (uint32_t)VOLLEY_HEADER_BYTES
                                                           : (uint32_t)VOLLEY_TRAILER_BYTES;
    uint32_t part = whole - link->filled;
    if (part > count) part = (uint32_t)count;
    uint8_t *place = link->header_bytes + link->filled;
    if (link->input == VOLLEY_IN_TRAILER) place += VOLLEY_HEADER_BYTES;
    if (is_payload) {
        link->payload_crc = volley_crc32c(link->payload_crc, bytes, part);
        place = destination(link);
    }
    if (place) memcpy(place, bytes, part);
    link->filled += part;
    return part;
}

size_t volley_receive(struct volley_device *device, unsigned number, const uint8_t *bytes, size_t count,
                      uint64_t now) {
    struct volley_link *link = &device->links[number];
    size_t taken = 0;
    device->now = now;
    for (;;) {
        if (link->state == VOLLEY_LINK_CLOSED || link->state == VOLLEY_LINK_DEAF) return count;
        if (link->input == VOLLEY_IN_REST) return count;
        if (link->input == VOLLEY_IN_WHOLE) {
            if (link->carrier == VOLLEY_FRAMES) {
                // Bytes behind the frame, before its end: it is longer than it says (FRM-003).
                if (taken == count) return taken;
                volley_end_link(device, link, VOLLEY_MALFORMED, "bytes after the end of the frame", 0);
                continue;
            }
            // What a message causes to be sent needs the whole output.
            if (link->output_start != link->output_end) return taken;
            take_frame(device, link);
            continue;
        }
        if (taken == count) return taken;
        taken += fill(link, bytes + taken, count - taken);
        advance(device, link);
    }
}

bool volley_receive_end(struct volley_device *device, unsigned number, uint64_t now) {
    struct volley_link *link = &device->links[number];
    device->now = now;
    if (link->state == VOLLEY_LINK_CLOSED || link->state == VOLLEY_LINK_DEAF) return true;
    if (link->input == VOLLEY_IN_WHOLE) {
        if (link->output_start != link->output_end) return false;
        take_frame(device, link);
    } else if (link->input != VOLLEY_IN_REST) {
        volley_end_link(device, link, VOLLEY_MALFORMED, "the frame is shorter than it says", 0);
    }
    link->input = VOLLEY_IN_HEADER;
    link->filled = 0;
    return true;
}

bool volley_wants_input(const struct volley_device *device, unsigned number) {
    return device->links[number].input != VOLLEY_IN_WHOLE;
}
