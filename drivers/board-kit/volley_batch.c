// Accepted batches: EXECUTE, CANCEL, ACK, and the queue (SPEC section 10.5).
#include "volley_private.h"

static bool is_unfinished(const struct volley_job *job) {
    return job->state == VOLLEY_JOB_QUEUED || job->state == VOLLEY_JOB_RUNNING;
}

static bool is_held(const struct volley_job *job) { return is_unfinished(job) || job->state == VOLLEY_JOB_DONE; }

static int8_t index_of(const struct volley_device *device, const struct volley_session *session) {
    return (int8_t)(session - device->sessions);
}

static struct volley_job *find(struct volley_device *device, const uint8_t run[16], uint64_t number) {
    for (unsigned index = 0; index < VOLLEY_RESULTS; index++) {
        struct volley_job *job = &device->jobs[index];
        if (is_held(job) && job->batch.number == number && memcmp(job->run, run, 16) == 0) return job;
    }
    return NULL;
}

static uint32_t wire_state(const struct volley_job *job) {
    if (job->state == VOLLEY_JOB_QUEUED) return VOLLEY_BATCH_QUEUED;
    return job->state == VOLLEY_JOB_RUNNING ? VOLLEY_BATCH_RUNNING : VOLLEY_BATCH_DONE;
}

// Ends

// Gives back what a batch needs to run.
static void release_inputs(struct volley_device *device, struct volley_job *job) {
    if (job->stage >= 0) device->stages[job->stage].is_used = false;
    job->stage = -1;
    volley_release(device, &job->configuration, &job->image);
}

void volley_drop_job(struct volley_device *device, struct volley_job *job) {
    int8_t index = (int8_t)(job - device->jobs);
    release_inputs(device, job);
    job->state = VOLLEY_JOB_FREE;
    for (unsigned number = 0; number < VOLLEY_LINKS; number++) {
        struct volley_stream *stream = &device->links[number].stream;
        if (stream->job != index) continue;
        // A chunk that has begun has to be sent to its end, or the channel's next message could not be told from it.
        if (stream->offset > 0) job->state = VOLLEY_JOB_DROPPED;
        else stream->job = -1;
    }
}

// Where an EXECUTE waits for the end of a job; NULL if nobody does.
static struct volley_link *awaiting(struct volley_device *device, const struct volley_job *job) {
    const struct volley_session *session = &device->sessions[job->session];
    return job->is_awaited && session->link >= 0 ? &device->links[session->link] : NULL;
}

void volley_end_job(struct volley_device *device, struct volley_job *job, const struct volley_fault *fault) {
    struct volley_link *link = awaiting(device, job);
    volley_drop_job(device, job);
    if (!link) return;
    if (link->output_start == link->output_end) {
        volley_refuse(device, link, VOLLEY_EXECUTE, job->request, fault);
    } else {
        job->state = VOLLEY_JOB_ENDING;
        job->fault = *fault;
    }
}

void volley_forget_jobs(struct volley_device *device, const struct volley_session *session) {
    for (unsigned index = 0; index < VOLLEY_RESULTS; index++) {
        struct volley_job *job = &device->jobs[index];
        if (job->session != index_of(device, session)) continue;
        if (is_held(job)) volley_drop_job(device, job);
        if (job->state == VOLLEY_JOB_ENDING) job->state = VOLLEY_JOB_FREE;
    }
}

void volley_fence_jobs(struct volley_device *device, const struct volley_session *holder) {
    struct volley_fault fault = {.status = VOLLEY_OK};
    volley_fail(&fault, VOLLEY_FENCED, "the lease has passed on");
    for (unsigned index = 0; index < VOLLEY_RESULTS; index++) {
        struct volley_job *job = &device->jobs[index];
        if (!is_unfinished(job) || job->session == index_of(device, holder)) continue;
        device->counters.cancelled++;
        volley_end_job(device, job, &fault);
    }
}

void volley_stop_deliveries(struct volley_device *device, struct volley_link *link) {
    if (link->stream.job >= 0 && device->jobs[link->stream.job].state == VOLLEY_JOB_DROPPED) {
        device->jobs[link->stream.job].state = VOLLEY_JOB_FREE;
    }
    link->stream.job = -1;
    for (unsigned index = 0; index < VOLLEY_RESULTS; index++) {
        struct volley_job *job = &device->jobs[index];
        if (link->session < 0 || job->session != link->session) continue;
        job->is_awaited = job->wants_delivery = false;
        if (job->state == VOLLEY_JOB_ENDING) job->state = VOLLEY_JOB_FREE;
    }
}

// EXECUTE

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
        if (!is_held(job) || job->session != link->session) continue;
        own++;
        unfinished += is_unfinished(job);
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
        ahead += is_unfinished(&device->jobs[index]) && device->jobs[index].ticket < job->ticket;
    }
    header.request = job->request;
    volley_write_number(&reply, 1, job->batch.number);
    volley_write_number(&reply, 2, wire_state(job));
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
static void repeat(struct volley_device *device, struct volley_link *link, struct volley_job *job, uint64_t request) {
    struct volley_link *former = awaiting(device, job);
    struct volley_fault fault = {.status = VOLLEY_OK};
    int8_t index = (int8_t)(job - device->jobs);
    device->counters.duplicates++;
    if (former && former->output_start == former->output_end) {
        // The former request gets its final response, too (REQ-002).
        volley_fail(&fault, VOLLEY_CANCELLED, "a later EXECUTE of the same batch gets the result");
        volley_refuse(device, former, VOLLEY_EXECUTE, job->request, &fault);
    }
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
    struct volley_job *job = find(device, session->run, execute.batch);
    if (job && memcmp(job->content, execute.content, 32) == 0) {
        if (execute.has_slot && execute.slot < VOLLEY_SLOTS) volley_empty_slot(device, session, execute.slot);
        repeat(device, link, job, message->header->request);
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

// CANCEL, ACK, LIST

void volley_on_cancel(struct volley_device *device, struct volley_link *link, const struct volley_message *message,
                      struct volley_fault *fault) {
    struct volley_reader reader = volley_read(message->payload, message->length, fault);
    struct volley_field field;
    uint64_t number = 0;
    while (volley_next(&reader, &field)) {
        if (volley_is(&field, 1, VOLLEY_VARINT)) number = field.value;
    }
    if (fault->status != VOLLEY_OK) return;
    struct volley_job *job = find(device, volley_session_of(device, link)->run, number);
    bool is_done = job && job->state == VOLLEY_JOB_DONE;
    if (job && !is_done) {
        struct volley_fault cancelled = {.status = VOLLEY_OK};
        volley_fail(&cancelled, VOLLEY_CANCELLED, "cancelled by the host");
        device->counters.cancelled++;
        volley_end_job(device, job, &cancelled);
    }
    struct volley_writer reply = volley_payload(link);
    volley_write_number(&reply, 1, number);
    volley_write_number(&reply, 2, is_done ? VOLLEY_BATCH_DONE : VOLLEY_BATCH_CANCELLED);
    volley_answer(device, link, message, &reply);
}

void volley_on_ack(struct volley_device *device, struct volley_link *link, const struct volley_message *message,
                   struct volley_fault *fault) {
    struct volley_reader reader = volley_read(message->payload, message->length, fault);
    struct volley_field field;
    uint64_t through = 0;
    while (volley_next(&reader, &field)) {
        if (volley_is(&field, 1, VOLLEY_VARINT)) through = field.value;
    }
    if (fault->status != VOLLEY_OK) return;
    for (unsigned index = 0; index < VOLLEY_RESULTS; index++) {
        struct volley_job *job = &device->jobs[index];
        if (job->state != VOLLEY_JOB_DONE || job->session != link->session) continue;
        if (job->first_request <= through) volley_drop_job(device, job);
    }
}

void volley_write_held(const struct volley_device *device, struct volley_writer *writer, uint32_t tag,
                       const uint8_t run[16]) {
    for (unsigned index = 0; index < VOLLEY_RESULTS; index++) {
        const struct volley_job *job = &device->jobs[index];
        if (!is_held(job) || memcmp(job->run, run, 16) != 0) continue;
        uint32_t held = volley_write_begin(writer, tag);
        volley_write_number(writer, 1, job->batch.number);
        volley_write_number(writer, 2, wire_state(job));
        volley_write_bytes(writer, 3, job->content, 32);
        volley_write_end(writer, held);
    }
}

// The queue

static struct volley_job *next_job(struct volley_device *device) {
    struct volley_job *next = NULL;
    for (unsigned index = 0; index < VOLLEY_RESULTS; index++) {
        struct volley_job *job = &device->jobs[index];
        if (job->state == VOLLEY_JOB_RUNNING) return job;
        if (job->state == VOLLEY_JOB_QUEUED && (!next || job->ticket < next->ticket)) next = job;
    }
    return next;
}

static void fail(struct volley_device *device, struct volley_job *job, const struct volley_fault *fault) {
    device->counters.failed++;
    volley_end_job(device, job, fault);
}

static bool begin(struct volley_device *device, struct volley_job *job) {
    struct volley_fault fault = {.status = VOLLEY_OK};
    const char *words = volley_load(device, job->configuration, job->image);
    if (words) {
        // A configuration that does not fit is the host's fault, weights that do not go in are the chip's (CFG-002).
        bool is_configured = device->loaded_configuration == job->configuration;
        volley_fail(&fault, is_configured ? VOLLEY_FAULT : VOLLEY_INVALID, words);
        fail(device, job, &fault);
        return false;
    }
    job->state = VOLLEY_JOB_RUNNING;
    job->began = device->now;
    job->conditions.has_temperature = false;
    device->chip.health(device->chip.context, &job->conditions);
    volley_begin_recording(job);
    return true;
}

bool volley_work(struct volley_device *device, uint64_t now) {
    struct volley_job *job = next_job(device);
    struct volley_fault fault = {.status = VOLLEY_OK};
    device->now = now;
    if (!job) return false;
    if (job->state == VOLLEY_JOB_QUEUED && !begin(device, job)) return true;
    if (job->batch.entry_count > 0) {
        enum volley_progress progress = device->chip.run(device->chip.context, &job->batch, &job->recording);
        job->recording.is_first = false;
        if (progress == VOLLEY_RUNNING && !job->recording.is_disordered) return true;
        if (progress == VOLLEY_FAILED) volley_fail(&fault, VOLLEY_FAULT, "the chip failed");
    }
    if (fault.status == VOLLEY_OK) volley_finish_recording(device, job, &fault);
    if (fault.status != VOLLEY_OK) {
        fail(device, job, &fault);
        return true;
    }
    release_inputs(device, job);
    job->state = VOLLEY_JOB_DONE;
    job->ticket = ++device->tickets;
    job->wants_delivery = job->is_awaited;
    return true;
}
