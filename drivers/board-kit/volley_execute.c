// EXECUTE: what it says, whether it is what the device holds, and what becomes of it (SPEC EXE-001 to EXE-003).
#include "volley_private.h"

// What EXECUTE says.
struct execute {
    uint64_t batch;
    uint32_t attempt, slot, epoch, crc, chunk_entries;
    bool has_slot, has_reference, spikes;
    uint32_t first_membrane, membrane_count;
    double reference;
    uint8_t configuration[32], content[32];
};

static void read_observables(struct volley_reader reader, struct execute *execute) {
    struct volley_field field;
    while (volley_next(&reader, &field)) {
        if (volley_is(&field, 1, VOLLEY_VARINT)) execute->spikes = field.value != 0;
        if (volley_is(&field, 2, VOLLEY_VARINT)) execute->first_membrane = (uint32_t)field.value;
        if (volley_is(&field, 3, VOLLEY_VARINT)) execute->membrane_count = (uint32_t)field.value;
        if (volley_is(&field, 4, VOLLEY_FIXED64)) {
            execute->has_reference = true;
            execute->reference = volley_double_of(field.value);
        }
    }
}

// A hash of another length than 32 bytes is that of nothing.
static void read_hash(const struct volley_field *field, uint8_t hash[32]) {
    memset(hash, 0, 32);
    if (field->value == 32) memcpy(hash, field->bytes, 32);
}

static bool read_execute(const struct volley_message *message, struct execute *execute, struct volley_fault *fault) {
    struct volley_reader reader = volley_read(message->payload, message->length, fault);
    struct volley_field field;
    memset(execute, 0, sizeof *execute);
    while (volley_next(&reader, &field)) {
        if (volley_is(&field, 1, VOLLEY_VARINT)) execute->batch = field.value;
        if (volley_is(&field, 2, VOLLEY_VARINT)) execute->attempt = (uint32_t)field.value;
        if (volley_is(&field, 3, VOLLEY_VARINT)) {
            execute->has_slot = true;
            execute->slot = (uint32_t)field.value;
        }
        if (volley_is(&field, 4, VOLLEY_LENGTH)) read_hash(&field, execute->configuration);
        if (volley_is(&field, 5, VOLLEY_VARINT)) execute->epoch = (uint32_t)field.value;
        if (volley_is(&field, 6, VOLLEY_FIXED32)) execute->crc = (uint32_t)field.value;
        if (volley_is(&field, 7, VOLLEY_LENGTH)) read_observables(volley_inner(&reader, &field), execute);
        if (volley_is(&field, 8, VOLLEY_VARINT)) execute->chunk_entries = (uint32_t)field.value;
        if (volley_is(&field, 9, VOLLEY_LENGTH)) read_hash(&field, execute->content);
    }
    return fault->status == VOLLEY_OK;
}

// SPEC section 7.6.
static void content_hash(const struct volley_configuration *configuration, const struct execute *execute,
                         const struct volley_stage *stage, uint8_t digest[32]) {
    struct volley_hash hash;
    uint8_t fixed[13], reference[8];
    volley_put32(fixed, execute->crc);
    fixed[4] = execute->spikes;
    volley_put32(fixed + 5, execute->first_membrane);
    volley_put32(fixed + 9, execute->membrane_count);
    volley_put64(reference, volley_bits_of(execute->reference));
    volley_hash_begin(&hash);
    volley_hash_add(&hash, configuration->hash, 32);
    volley_hash_add(&hash, fixed, sizeof fixed);
    if (execute->has_reference) volley_hash_add(&hash, reference, sizeof reference);
    volley_hash_add(&hash, stage->block, stage->length);
    volley_hash_end(&hash, digest);
}

// EXE-002: everything that EXECUTE names has to be what the device holds.
static bool check_content(const struct volley_device *device, const struct volley_session *session,
                          const struct execute *execute, struct volley_fault *fault) {
    const struct volley_configuration *configuration =
        device->configuration < 0 ? NULL : &device->configurations[device->configuration].value;
    const struct volley_image *image = device->image < 0 ? NULL : &device->images[device->image];
    uint8_t digest[32];
    if (!configuration || memcmp(configuration->hash, execute->configuration, 32) != 0) {
        return volley_fail(fault, VOLLEY_EPOCH_MISMATCH, "the chip is configured otherwise");
    }
    if (!image || image->epoch != execute->epoch || image->crc != execute->crc) {
        return volley_fail(fault, VOLLEY_EPOCH_MISMATCH, "the chip has other weights");
    }
    if (execute->slot >= VOLLEY_SLOTS || session->slots[execute->slot] < 0) {
        return volley_fail(fault, VOLLEY_INVALID, "the slot is empty");
    }
    content_hash(configuration, execute, &device->stages[session->slots[execute->slot]], digest);
    if (memcmp(digest, execute->content, 32) != 0) {
        return volley_fail(fault, VOLLEY_INVALID, "the content is not what its hash says");
    }
    uint64_t membranes = (uint64_t)execute->first_membrane + execute->membrane_count;
    if (membranes > configuration->neuron_count) {
        return volley_fail_stock(fault, VOLLEY_INVALID, "membranes", membranes, configuration->neuron_count);
    }
    uint64_t trace = (uint64_t)execute->membrane_count * configuration->sample_count;
    if (trace > VOLLEY_TRACE_BYTES) {
        return volley_fail_stock(fault, VOLLEY_INVALID, "bytes of trace for an entry", trace, VOLLEY_TRACE_BYTES);
    }
    if (execute->has_reference && !volley_is_finite(execute->reference)) {
        return volley_fail(fault, VOLLEY_INVALID, "the reference voltage is not a number");
    }
    return true;
}

// A place for one more batch of a session (EXE-003). A host that is gone yields its results for it.
static struct volley_job *free_job(struct volley_device *device, const struct volley_link *link,
                                   struct volley_fault *fault) {
    const struct volley_session *session = &device->sessions[link->session];
    uint32_t unfinished = 0, own = 0;
    for (unsigned index = 0; index < VOLLEY_RESULTS; index++) {
        const struct volley_job *job = &device->jobs[index];
        if (!volley_is_held(job) || job->session != link->session) continue;
        own++;
        unfinished += volley_is_unfinished(job);
    }
    if (unfinished < link->limits.slots && own < link->limits.results) {
        do {
            for (unsigned index = 0; index < VOLLEY_RESULTS; index++) {
                if (device->jobs[index].state == VOLLEY_JOB_FREE) return &device->jobs[index];
            }
        } while (volley_end_idle_session(device, session));
    }
    volley_fail(fault, VOLLEY_BUSY, "no slot or no place for a result is free");
    return NULL;
}

static void answer_execute(struct volley_device *device, struct volley_link *link, const struct volley_job *job) {
    struct volley_writer reply = volley_payload(link);
    struct volley_header header = {.type = VOLLEY_EXECUTE, .flags = VOLLEY_RESPONSE, .fragments = 1};
    uint32_t ahead = 0;
    for (unsigned index = 0; index < VOLLEY_RESULTS; index++) {
        ahead += volley_is_unfinished(&device->jobs[index]) && device->jobs[index].ticket < job->ticket;
    }
    header.request = job->request;
    volley_write_number(&reply, 1, job->batch.number);
    volley_write_number(&reply, 2, volley_wire_state(job));
    volley_write_number(&reply, 3, ahead);
    volley_send(device, link, header, &reply);
}

static void accept(struct volley_device *device, struct volley_link *link, const struct execute *execute,
                   uint64_t request, struct volley_job *job) {
    struct volley_session *session = volley_session_of(device, link);
    int8_t stage = session->slots[execute->slot];
    const struct volley_configuration *configuration = &device->configurations[device->configuration].value;
    session->slots[execute->slot] = -1;
    job->state = VOLLEY_JOB_QUEUED;
    job->session = link->session;
    job->stage = stage;
    job->configuration = device->configuration;
    job->image = device->image;
    device->configurations[device->configuration].users++;
    device->images[device->image].users++;
    job->wants_delivery = job->is_duplicate = false;
    job->is_awaited = true;
    memcpy(job->run, session->run, 16);
    memcpy(job->content, execute->content, 32);
    memcpy(job->configuration_hash, configuration->hash, 32);
    job->image_crc = execute->crc;
    job->attempt = execute->attempt;
    job->chunk_entries = execute->chunk_entries ? execute->chunk_entries : 1;
    job->request = job->first_request = request;
    job->ticket = ++device->tickets;
    job->neurons = configuration->neuron_count;
    job->window = configuration->window;
    job->samples = configuration->sample_count;
    job->period = configuration->sample_period;
    const struct volley_stage *inputs = &device->stages[stage];
    job->batch = (struct volley_batch){
        .configuration = configuration,
        .number = execute->batch,
        .entry_count = inputs->entries,
        .records_spikes = execute->spikes,
        .first_membrane = execute->first_membrane,
        .membrane_count = execute->membrane_count,
        .has_reference = execute->has_reference,
        .reference = execute->reference,
        .ends = inputs->block + 32,
        .events = inputs->block + 32 + 4 * (size_t)inputs->entries,
    };
    answer_execute(device, link, job);
}

// A batch that is held with this content: what is there is sent, and nothing runs again.
static void repeat(struct volley_device *device, struct volley_link *link, struct volley_job *job, uint64_t request,
                   struct volley_fault *fault) {
    struct volley_fault unsent = {.status = VOLLEY_OK};
    int8_t index = (int8_t)(job - device->jobs);
    for (uint32_t chunk = 0; job->state == VOLLEY_JOB_DONE && chunk < volley_chunk_count(job); chunk++) {
        if (volley_chunk_length(job, chunk) > link->limits.message) {
            volley_fail(fault, VOLLEY_INVALID, "a chunk above the message limit of this link");
            return;
        }
    }
    device->counters.duplicates++;
    // The former request gets its final response, too (REQ-002).
    volley_fail(&unsent, VOLLEY_CANCELLED, "a later EXECUTE of the same batch gets the result");
    volley_refuse_awaited(device, job, &unsent);
    for (unsigned number = 0; number < VOLLEY_LINKS; number++) {
        struct volley_stream *stream = &device->links[number].stream;
        if (stream->job == index && stream->offset == 0) stream->job = -1;
    }
    job->session = link->session;
    job->request = request;
    job->is_awaited = true;
    job->is_duplicate = job->wants_delivery = job->state == VOLLEY_JOB_DONE;
    if (job->wants_delivery) job->ticket = ++device->tickets;
    answer_execute(device, link, job);
}

void volley_on_execute(struct volley_device *device, struct volley_link *link, const struct volley_message *message,
                       struct volley_fault *fault) {
    struct volley_session *session = volley_session_of(device, link);
    struct execute execute;
    if (!read_execute(message, &execute, fault)) return;
    struct volley_job *job = volley_find_job(device, session->run, execute.batch);
    if (job && memcmp(job->content, execute.content, 32) == 0) {
        repeat(device, link, job, message->header->request, fault);
        if (fault->status == VOLLEY_OK && execute.has_slot && execute.slot < VOLLEY_SLOTS) {
            volley_empty_slot(device, session, execute.slot);
        }
        return;
    }
    if (job && (job->session == link->session || !volley_is_detached(device, &device->sessions[job->session]))) {
        volley_fail(fault, VOLLEY_DUPLICATE_MISMATCH, "the batch is held with another content");
    } else if (!execute.has_slot) {
        volley_fail(fault, VOLLEY_FORGOTTEN, "the batch is not held");
    } else if (device->leaving) {
        volley_fail(fault, VOLLEY_SHUTTING_DOWN, device->leaving);
    }
    if (fault->status != VOLLEY_OK || !check_content(device, session, &execute, fault)) return;
    if (job) volley_drop_job(device, job);
    job = free_job(device, link, fault);
    if (job) accept(device, link, &execute, message->header->request, job);
}
