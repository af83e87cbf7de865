// The lease: one host at a time writes to the chip (SPEC section 10.3).
#include "volley_private.h"

void volley_expire_lease(struct volley_device *device) {
    if (device->lease.session >= 0 && device->now >= device->lease.until) device->lease.session = -1;
}

void volley_check_lease(struct volley_device *device, const struct volley_session *session, uint32_t token,
                        struct volley_fault *fault) {
    struct volley_lease *lease = &device->lease;
    uint32_t before_first = (uint32_t)device->identity.start_number << 16;
    volley_expire_lease(device);
    if (token == lease->token && lease->session == (int8_t)(session - device->sessions)) {
        lease->until = device->now + lease->ttl;
    } else if (token == 0) {
        volley_fail(fault, VOLLEY_LEASE_EXPIRED, "this needs the lease");
    } else if (token == lease->token && token != before_first && lease->session < 0) {
        volley_fail(fault, VOLLEY_LEASE_EXPIRED, "the lease has run out");
    } else {
        device->counters.fenced++;
        volley_fail(fault, VOLLEY_FENCED, "the lease has passed on");
    }
}

void volley_write_holder(const struct volley_device *device, struct volley_writer *writer, uint32_t tag) {
    const struct volley_lease *lease = &device->lease;
    if (lease->session < 0) return;
    uint32_t holder = volley_write_begin(writer, tag);
    volley_write_text(writer, 1, device->sessions[lease->session].label);
    volley_write_number(writer, 2, device->now - lease->since);
    volley_write_number(writer, 3, lease->until - device->now);
    volley_write_end(writer, holder);
}

void volley_on_acquire(struct volley_device *device, struct volley_link *link, const struct volley_message *message,
                       struct volley_fault *fault) {
    struct volley_reader reader = volley_read(message->payload, message->length, fault);
    struct volley_lease *lease = &device->lease;
    struct volley_session *session = volley_session_of(device, link);
    struct volley_field field;
    uint32_t ttl = 0;
    while (volley_next(&reader, &field)) {
        if (volley_is(&field, 1, VOLLEY_VARINT)) ttl = (uint32_t)field.value;
    }
    if (fault->status != VOLLEY_OK) return;
    volley_expire_lease(device);
    if (lease->session >= 0 && lease->session != link->session) {
        const struct volley_session *holder = &device->sessions[lease->session];
        if (memcmp(holder->run, session->run, 16) != 0 || !volley_is_detached(device, holder)) {
            volley_fail(fault, VOLLEY_LEASE_HELD, "the lease is held by \"");
            volley_fail_words(fault, holder->label);
            volley_fail_words(fault, "\"");
            return;
        }
    }
    if (lease->session != link->session) {
        lease->token++;
        lease->session = link->session;
        lease->since = device->now;
        volley_fence_jobs(device, session);
    }
    if (ttl < VOLLEY_LEASE_SHORTEST_MS) ttl = VOLLEY_LEASE_SHORTEST_MS;
    if (ttl > VOLLEY_LEASE_LONGEST_MS) ttl = VOLLEY_LEASE_LONGEST_MS;
    lease->ttl = ttl;
    lease->until = device->now + ttl;
    struct volley_writer reply = volley_payload(link);
    volley_write_fixed32(&reply, 1, lease->token);
    volley_write_number(&reply, 2, ttl);
    uint32_t chip = volley_write_begin(&reply, 3);
    if (device->configuration >= 0) {
        volley_write_bytes(&reply, 1, device->configurations[device->configuration].value.hash, 32);
    }
    if (device->image >= 0) {
        volley_write_number(&reply, 2, device->images[device->image].epoch);
        volley_write_fixed32(&reply, 3, device->images[device->image].crc);
    }
    volley_write_end(&reply, chip);
    volley_answer(device, link, message, &reply);
}

void volley_on_release(struct volley_device *device, struct volley_link *link, const struct volley_message *message) {
    if (device->lease.session == link->session) device->lease.session = -1;
    volley_answer(device, link, message, NULL);
}

void volley_on_query(struct volley_device *device, struct volley_link *link, const struct volley_message *message) {
    struct volley_writer reply = volley_payload(link);
    volley_expire_lease(device);
    volley_write_number(&reply, 1, device->lease.session >= 0);
    volley_write_number(&reply, 2, device->lease.session >= 0 && device->lease.session == link->session);
    volley_write_holder(device, &reply, 3);
    volley_answer(device, link, message, &reply);
}
