// What a message asks for, and the requests that only ask (SPEC sections 5 and 6).
#include "volley_private.h"

static bool is_from_device(uint8_t type) {
    return type == VOLLEY_RESULT || type == VOLLEY_DONE || type == VOLLEY_REPORT;
}

static bool needs_lease(uint8_t type) {
    return type == VOLLEY_RENEW || type == VOLLEY_CONFIGURE || type == VOLLEY_WEIGHTS || type == VOLLEY_COMMIT
        || type == VOLLEY_STAGE || type == VOLLEY_EXECUTE;
}

static void write_range(struct volley_writer *writer, const struct volley_range *range) {
    uint32_t begin = volley_write_begin(writer, 1);
    volley_write_double(writer, 1, range->allowed_lower);
    volley_write_double(writer, 2, range->allowed_upper);
    volley_write_double(writer, 3, range->coded_lower);
    volley_write_double(writer, 4, range->coded_upper);
    volley_write_number(writer, 5, range->is_logarithmic ? 2 : 1);
    volley_write_end(writer, begin);
}

static void on_describe(struct volley_device *device, struct volley_link *link, const struct volley_message *message) {
    const struct volley_description *chip = &device->description;
    struct volley_writer reply = volley_payload(link);
    volley_write_number(&reply, 1, chip->is_board ? 2 : 1);
    volley_write_fixed64(&reply, 2, device->identity.serial);
    volley_write_text(&reply, 3, chip->profile);
    volley_write_text(&reply, 4, chip->firmware);
    uint32_t geometry = volley_write_begin(&reply, 5);
    volley_write_number(&reply, 1, chip->neuron_circuits);
    volley_write_number(&reply, 2, chip->signed_inputs_per_circuit);
    volley_write_number(&reply, 3, chip->input_channels);
    volley_write_number(&reply, 4, chip->weight_limit);
    volley_write_number(&reply, 5, chip->cadc_maximum);
    volley_write_number(&reply, 6, chip->minimum_sample_period);
    volley_write_number(&reply, 7, VOLLEY_TRACE_BYTES);
    volley_write_number(&reply, 8, VOLLEY_EVENTS);
    volley_write_number(&reply, 9, VOLLEY_ENTRIES);
    volley_write_end(&reply, geometry);
    for (const char *const *effect = chip->effects; effect && *effect; effect++) volley_write_text(&reply, 6, *effect);
    volley_write_text(&reply, 7, chip->calibration);
    if (chip->has_parameters) {
        uint32_t parameters = volley_write_begin(&reply, 8);
        for (unsigned index = 0; index < VOLLEY_PARAMETERS; index++) write_range(&reply, &chip->parameters[index]);
        volley_write_number(&reply, 2, chip->code_bits);
        volley_write_number(&reply, 3, chip->calibrated_by_host);
        volley_write_end(&reply, parameters);
    }
    volley_answer(device, link, message, &reply);
}

// GET: `Health` and `Conditions` in one payload (HLT-001).
static void on_get(struct volley_device *device, struct volley_link *link, const struct volley_message *message) {
    const struct volley_counters *counters = &device->counters;
    struct volley_writer reply = volley_payload(link);
    struct volley_header header = {.type = VOLLEY_REPORT, .flags = VOLLEY_RESPONSE | VOLLEY_FINAL, .fragments = 1};
    uint64_t sessions = 0, queued = 0, kept = 0;
    uint8_t costs[136];
    volley_expire_lease(device);
    for (unsigned index = 0; index < VOLLEY_SESSIONS; index++) sessions += device->sessions[index].is_used;
    for (unsigned index = 0; index < VOLLEY_RESULTS; index++) {
        queued += volley_is_unfinished(&device->jobs[index]);
        kept += device->jobs[index].state == VOLLEY_JOB_DONE;
    }
    const uint64_t numbers[14] = {
        device->now - device->started, sessions,        queued,
        kept,                          counters->executed, counters->cancelled,
        counters->failed,              counters->duplicates, counters->entries,
        counters->received,            counters->sent,  counters->checksum_errors,
        counters->link_errors,         counters->fenced,
    };
    for (uint32_t index = 0; index < 14; index++) volley_write_number(&reply, index + 1, numbers[index]);
    volley_write_costs(costs, counters->events, counters->costs);
    volley_write_bytes(&reply, 15, costs, sizeof costs);
    volley_write_holder(device, &reply, 16);
    if (device->conditions.has_temperature) volley_write_present_double(&reply, 17, device->conditions.temperature);
    header.request = message->header->request;
    volley_send(device, link, header, &reply);
}

static void on_list(struct volley_device *device, struct volley_link *link, const struct volley_message *message) {
    struct volley_writer reply = volley_payload(link);
    volley_write_held(device, &reply, 1, volley_session_of(device, link)->run);
    volley_answer(device, link, message, &reply);
}

static void on_credit(struct volley_device *device, struct volley_link *link, const struct volley_message *message,
                      struct volley_fault *fault) {
    struct volley_reader reader = volley_read(message->payload, message->length, fault);
    struct volley_session *session = volley_session_of(device, link);
    struct volley_field field;
    uint64_t total = 0;
    while (volley_next(&reader, &field)) {
        if (volley_is(&field, 1, VOLLEY_VARINT)) total = field.value;
    }
    if (fault->status == VOLLEY_OK && total > session->credit_granted) session->credit_granted = total;
}

// What nobody answers; one that cannot be parsed is passed over.
static bool notice(struct volley_device *device, struct volley_link *link, const struct volley_message *message) {
    struct volley_fault fault = {.status = VOLLEY_OK};
    switch (message->header->type) {
    case VOLLEY_CREDIT: on_credit(device, link, message, &fault); break;
    case VOLLEY_ACK: volley_on_ack(device, link, message, &fault); break;
    case VOLLEY_GOAWAY: break;
    default: return false;
    }
    if (fault.status != VOLLEY_OK) device->counters.link_errors++;
    return true;
}

static void request(struct volley_device *device, struct volley_link *link, const struct volley_message *message,
                    struct volley_fault *fault) {
    uint8_t type = message->header->type;
    struct volley_session *session = volley_session_of(device, link);
    if (is_from_device(type)) {
        volley_fail(fault, VOLLEY_STATE, "a host does not send this");
        return;
    }
    if (session && (type == VOLLEY_HELLO || type == VOLLEY_OPEN)) {
        volley_fail(fault, VOLLEY_STATE, "the session is open already");
        return;
    }
    if (needs_lease(type)) volley_check_lease(device, session, message->header->token, fault);
    if (fault->status != VOLLEY_OK) return;
    if (message->length > VOLLEY_BULK_BYTES) {
        volley_fail_stock(fault, VOLLEY_TOO_LARGE, "bytes of a block", message->length, VOLLEY_BULK_BYTES);
        return;
    }
    switch (type) {
    case VOLLEY_HELLO: volley_on_hello(device, link, message, fault); break;
    case VOLLEY_OPEN: volley_on_open(device, link, message, fault); break;
    case VOLLEY_CLOSE:
        volley_answer(device, link, message, NULL);
        volley_end_session(device, session);
        break;
    case VOLLEY_PING:
    case VOLLEY_RENEW: volley_answer(device, link, message, NULL); break;
    case VOLLEY_CANCEL: volley_on_cancel(device, link, message, fault); break;
    case VOLLEY_ACQUIRE: volley_on_acquire(device, link, message, fault); break;
    case VOLLEY_RELEASE: volley_on_release(device, link, message); break;
    case VOLLEY_QUERY: volley_on_query(device, link, message); break;
    case VOLLEY_DESCRIBE: on_describe(device, link, message); break;
    case VOLLEY_CONFIGURE: volley_on_configure(device, link, message, fault); break;
    case VOLLEY_WEIGHTS: volley_on_weights(device, link, message, fault); break;
    case VOLLEY_COMMIT: volley_on_commit(device, link, message, fault); break;
    case VOLLEY_STAGE: volley_on_stage(device, link, message, fault); break;
    case VOLLEY_EXECUTE: volley_on_execute(device, link, message, fault); break;
    case VOLLEY_LIST: on_list(device, link, message); break;
    case VOLLEY_GET: on_get(device, link, message); break;
    default:
        volley_fail(fault, VOLLEY_UNKNOWN_TYPE, "unknown type ");
        volley_fail_number(fault, type);
    }
}

void volley_act(struct volley_device *device, struct volley_link *link, const struct volley_message *message) {
    const struct volley_header *header = message->header;
    struct volley_session *session = volley_session_of(device, link);
    struct volley_fault fault = {.status = VOLLEY_OK};
    if (link->state == VOLLEY_LINK_GREETED && header->type != VOLLEY_OPEN) {
        volley_end_link(device, link, VOLLEY_STATE, "OPEN comes after HELLO", 0);
        return;
    }
    if (header->session != (session ? session->id : 0)) {
        volley_end_link(device, link, VOLLEY_NO_SESSION, "this session is not on this link", 16);
        return;
    }
    if (notice(device, link, message)) return;
    uint64_t *last = session ? &session->last_request : &link->last_request;
    if (header->request <= *last) {
        volley_fail(&fault, VOLLEY_INVALID, "the request's number does not follow the last one, ");
        volley_fail_number(&fault, *last);
    } else {
        *last = header->request;
        request(device, link, message, &fault);
    }
    if (fault.status != VOLLEY_OK) volley_refuse(device, link, header->type, header->request, &fault);
}
