// HELLO, OPEN, and sessions over several links (SPEC sections 6 and 10.1, 10.2).
#include "volley_private.h"

// What HELLO says.
struct hello {
    uint32_t lowest_major, highest_major;
    bool requires_features;
    struct volley_limits limits;
    const uint8_t *nonce;
    uint32_t nonce_length;
};

static void read_limits(struct volley_reader reader, struct volley_limits *limits) {
    struct volley_field field;
    while (volley_next(&reader, &field)) {
        if (volley_is(&field, 1, VOLLEY_VARINT)) limits->frame = (uint32_t)field.value;
        if (volley_is(&field, 2, VOLLEY_VARINT)) limits->message = (uint32_t)field.value;
        if (volley_is(&field, 3, VOLLEY_VARINT)) limits->control = (uint32_t)field.value;
        if (volley_is(&field, 4, VOLLEY_VARINT)) limits->slots = (uint32_t)field.value;
        if (volley_is(&field, 5, VOLLEY_VARINT)) limits->results = (uint32_t)field.value;
    }
}

static void read_hello(const struct volley_message *message, struct hello *hello, struct volley_fault *fault) {
    struct volley_reader reader = volley_read(message->payload, message->length, fault), inner;
    struct volley_field field;
    memset(hello, 0, sizeof *hello);
    while (volley_next(&reader, &field)) {
        if (volley_is(&field, 1, VOLLEY_LENGTH)) {
            inner = volley_inner(&reader, &field);
            struct volley_field version;
            while (volley_next(&inner, &version)) {
                if (volley_is(&version, 1, VOLLEY_VARINT)) hello->lowest_major = (uint32_t)version.value;
                if (volley_is(&version, 2, VOLLEY_VARINT)) hello->highest_major = (uint32_t)version.value;
            }
        } else if (volley_is(&field, 3, VOLLEY_LENGTH)) {
            hello->requires_features = true;
            volley_check_text(&reader, &field);
        } else if (volley_is(&field, 4, VOLLEY_LENGTH)) {
            read_limits(volley_inner(&reader, &field), &hello->limits);
        } else if (volley_is(&field, 5, VOLLEY_LENGTH)) {
            hello->nonce = field.bytes;
            hello->nonce_length = (uint32_t)field.value;
        } else if (field.type == VOLLEY_LENGTH && (field.tag == 2 || field.tag == 6 || field.tag == 7)) {
            volley_check_text(&reader, &field);
        }
    }
}

static uint32_t smaller(uint32_t mine, uint32_t theirs) { return mine < theirs ? mine : theirs; }

static unsigned used_sessions(const struct volley_device *device) {
    unsigned count = 0;
    for (unsigned index = 0; index < VOLLEY_SESSIONS; index++) count += device->sessions[index].is_used;
    return count;
}

void volley_on_hello(struct volley_device *device, struct volley_link *link, const struct volley_message *message,
                     struct volley_fault *fault) {
    static const struct volley_limits own = {
        VOLLEY_FRAME_BYTES, VOLLEY_MESSAGE_BYTES, VOLLEY_CONTROL_BYTES, VOLLEY_SLOTS, VOLLEY_RESULTS,
    };
    struct hello hello;
    read_hello(message, &hello, fault);
    if (fault->status != VOLLEY_OK) return;
    if (hello.lowest_major > 1 || hello.highest_major < 1) {
        volley_fail(fault, VOLLEY_VERSION, "this device speaks major version 1 only");
        volley_refuse(device, link, VOLLEY_HELLO, message->header->request, fault);
        volley_forget_link(device, link, false);
        fault->status = VOLLEY_OK;
        return;
    }
    const struct volley_limits *asked = &hello.limits;
    if (hello.requires_features) {
        volley_fail(fault, VOLLEY_CRITICAL_UNKNOWN, "this device knows no feature that can be required");
    } else if (hello.nonce_length != 16) {
        volley_fail(fault, VOLLEY_INVALID, "a nonce has 16 bytes, this one ");
        volley_fail_number(fault, hello.nonce_length);
    } else if (asked->frame < 2048 || asked->message < 2048 || asked->control < 2048 || !asked->slots
               || !asked->results) {
        volley_fail(fault, VOLLEY_MALFORMED, "limits below 2 KiB, one slot or one result");
    }
    if (fault->status != VOLLEY_OK) return;
    struct volley_writer reply = volley_payload(link);
    volley_write_number(&reply, 1, 1);
    uint32_t limits = volley_write_begin(&reply, 4);
    volley_write_number(&reply, 1, own.frame);
    volley_write_number(&reply, 2, own.message);
    volley_write_number(&reply, 3, own.control);
    volley_write_number(&reply, 4, own.slots);
    volley_write_number(&reply, 5, own.results);
    volley_write_end(&reply, limits);
    volley_write_bytes(&reply, 5, hello.nonce, 16);
    volley_write_fixed64(&reply, 6, device->identity.boot);
    volley_write_fixed64(&reply, 7, device->identity.serial);
    volley_write_text(&reply, 8, device->description.firmware);
    volley_write_number(&reply, 9, device->now - device->started);
    volley_write_number(&reply, 10, VOLLEY_SESSIONS - used_sessions(device));
    volley_answer(device, link, message, &reply);
    // HEL-005: the smaller limits hold from here on.
    link->limits.frame = smaller(own.frame, asked->frame);
    link->limits.message = smaller(own.message, asked->message);
    link->limits.control = smaller(own.control, asked->control);
    link->limits.slots = smaller(own.slots, asked->slots);
    link->limits.results = smaller(own.results, asked->results);
    link->state = VOLLEY_LINK_GREETED;
}

// What OPEN says.
struct open {
    const uint8_t *run, *token, *label;
    uint32_t run_length, token_length, label_length;
    uint64_t resume, credit;
};

static void read_open(const struct volley_message *message, struct open *open, struct volley_fault *fault) {
    struct volley_reader reader = volley_read(message->payload, message->length, fault);
    struct volley_field field;
    memset(open, 0, sizeof *open);
    while (volley_next(&reader, &field)) {
        if (volley_is(&field, 1, VOLLEY_LENGTH)) {
            open->run = field.bytes;
            open->run_length = (uint32_t)field.value;
        } else if (volley_is(&field, 2, VOLLEY_LENGTH)) {
            volley_check_text(&reader, &field);
            open->label = field.bytes;
            open->label_length = (uint32_t)field.value;
        } else if (volley_is(&field, 3, VOLLEY_FIXED64)) {
            open->resume = field.value;
        } else if (volley_is(&field, 4, VOLLEY_LENGTH)) {
            open->token = field.bytes;
            open->token_length = (uint32_t)field.value;
        } else if (volley_is(&field, 5, VOLLEY_VARINT)) {
            open->credit = field.value;
        }
    }
}

bool volley_is_detached(const struct volley_device *device, const struct volley_session *session) {
    if (session->link < 0) return true;
    return device->now - device->links[session->link].heard > VOLLEY_SILENCE_MS;
}

void volley_end_session(struct volley_device *device, struct volley_session *session) {
    int8_t index = (int8_t)(session - device->sessions);
    if (session->link >= 0) {
        struct volley_link *link = &device->links[session->link];
        volley_forget_link(device, link, false);
    }
    volley_forget_jobs(device, session);
    for (uint32_t slot = 0; slot < VOLLEY_SLOTS; slot++) volley_empty_slot(device, session, slot);
    if (device->lease.session == index) device->lease.session = -1;
    session->is_used = false;
}

bool volley_end_idle_session(struct volley_device *device, const struct volley_session *keep) {
    struct volley_session *oldest = NULL;
    for (int8_t index = 0; index < VOLLEY_SESSIONS; index++) {
        struct volley_session *session = &device->sessions[index];
        if (!session->is_used || session == keep || index == device->lease.session) continue;
        if (!volley_is_detached(device, session)) continue;
        if (!oldest || session->heard < oldest->heard) oldest = session;
    }
    if (oldest) volley_end_session(device, oldest);
    return oldest != NULL;
}

static struct volley_session *resumable(struct volley_device *device, const struct open *open) {
    for (unsigned index = 0; index < VOLLEY_SESSIONS; index++) {
        struct volley_session *session = &device->sessions[index];
        if (session->is_used && session->id == open->resume && open->token_length == 16
            && memcmp(session->token, open->token, 16) == 0 && memcmp(session->run, open->run, 16) == 0) {
            return session;
        }
    }
    return NULL;
}

static struct volley_session *new_session(struct volley_device *device, const uint8_t run[16]) {
    struct volley_session *session = device->sessions;
    if (used_sessions(device) == VOLLEY_SESSIONS && !volley_end_idle_session(device, NULL)) return NULL;
    while (session->is_used) session++;
    // Names of sessions: a hash of the secret and a number.
    uint8_t number[8], digest[32];
    struct volley_hash hash;
    volley_put64(number, ++device->sessions_made);
    volley_hash_begin(&hash);
    volley_hash_add(&hash, device->identity.secret, sizeof device->identity.secret);
    volley_hash_add(&hash, number, sizeof number);
    volley_hash_end(&hash, digest);
    memset(session, 0, sizeof *session);
    session->is_used = true;
    session->id = volley_get64(digest) | 1;
    memcpy(session->token, digest + 8, 16);
    memcpy(session->run, run, 16);
    memset(session->slots, -1, sizeof session->slots);
    return session;
}

static void set_label(struct volley_session *session, const struct open *open) {
    uint32_t length = open->label_length < VOLLEY_LABEL_BYTES ? open->label_length : VOLLEY_LABEL_BYTES;
    // A label that is cut off stays UTF-8: whole characters only.
    while (length > 0 && length < open->label_length && (open->label[length] & 0xc0) == 0x80) length--;
    if (length > 0) memcpy(session->label, open->label, length);
    session->label[length] = 0;
}

void volley_on_open(struct volley_device *device, struct volley_link *link, const struct volley_message *message,
                    struct volley_fault *fault) {
    struct open open;
    read_open(message, &open, fault);
    if (fault->status != VOLLEY_OK) return;
    if (open.run_length != 16) {
        volley_fail(fault, VOLLEY_INVALID, "a run has 16 bytes, this one ");
        volley_fail_number(fault, open.run_length);
        return;
    }
    if (device->leaving) {
        volley_fail(fault, VOLLEY_SHUTTING_DOWN, device->leaving);
        return;
    }
    struct volley_session *session = resumable(device, &open);
    bool is_resumed = session != NULL;
    if (is_resumed && session->link >= 0) {
        // OPN-002: the former link is forgotten; a frame that still comes from there finds no session.
        volley_forget_link(device, &device->links[session->link], false);
    }
    if (!is_resumed) session = new_session(device, open.run);
    if (!session) {
        volley_fail(fault, VOLLEY_BUSY, "all places for sessions are taken: ");
        volley_fail_number(fault, VOLLEY_SESSIONS);
        return;
    }
    for (uint32_t slot = 0; slot < VOLLEY_SLOTS; slot++) volley_empty_slot(device, session, slot);
    set_label(session, &open);
    session->link = (int8_t)(link - device->links);
    session->heard = device->now;
    session->credit_granted = open.credit;
    session->credit_used = 0;
    if (session->last_request < message->header->request) session->last_request = message->header->request;
    link->session = (int8_t)(session - device->sessions);
    link->state = VOLLEY_LINK_OPEN;
    struct volley_writer reply = volley_payload(link);
    volley_write_fixed64(&reply, 1, session->id);
    volley_write_bytes(&reply, 2, session->token, 16);
    volley_write_number(&reply, 3, VOLLEY_SESSION_MS);
    volley_write_number(&reply, 4, is_resumed);
    volley_write_held(device, &reply, 5, session->run);
    volley_answer(device, link, message, &reply);
}
