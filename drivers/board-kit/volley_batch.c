// Accepted batches: how they run, how they end, CANCEL and ACK (SPEC section 10.5). EXECUTE is in volley_execute.c.
#include "volley_private.h"

static int8_t index_of(const struct volley_device *device, const struct volley_session *session) {
    return (int8_t)(session - device->sessions);
}

struct volley_job *volley_find_job(struct volley_device *device, const uint8_t run[16], uint64_t number) {
    for (unsigned index = 0; index < VOLLEY_RESULTS; index++) {
        struct volley_job *job = &device->jobs[index];
        if (volley_is_held(job) && job->batch.number == number && memcmp(job->run, run, 16) == 0) return job;
    }
    return NULL;
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

struct volley_link *volley_awaiting_link(struct volley_device *device, const struct volley_job *job) {
    const struct volley_session *session = &device->sessions[job->session];
    return job->is_awaited && session->link >= 0 ? &device->links[session->link] : NULL;
}

void volley_refuse_awaited(struct volley_device *device, struct volley_job *job, const struct volley_fault *fault) {
    enum { ROOM = 256 };
    struct volley_link *link = volley_awaiting_link(device, job);
    if (link && volley_payload(link).capacity >= ROOM) {
        volley_refuse(device, link, VOLLEY_EXECUTE, job->request, fault);
    }
    job->is_awaited = false;
}

void volley_end_job(struct volley_device *device, struct volley_job *job, const struct volley_fault *fault) {
    struct volley_link *link = volley_awaiting_link(device, job);
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
        if (volley_is_held(job)) volley_drop_job(device, job);
        if (job->state == VOLLEY_JOB_ENDING) job->state = VOLLEY_JOB_FREE;
    }
}

void volley_fence_jobs(struct volley_device *device, const struct volley_session *holder) {
    struct volley_fault fault = {.status = VOLLEY_OK};
    volley_fail(&fault, VOLLEY_FENCED, "the lease has passed on");
    for (unsigned index = 0; index < VOLLEY_RESULTS; index++) {
        struct volley_job *job = &device->jobs[index];
        if (!volley_is_unfinished(job) || job->session == index_of(device, holder)) continue;
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
    struct volley_job *job = volley_find_job(device, volley_session_of(device, link)->run, number);
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
    struct volley_fault unsent = {.status = VOLLEY_OK};
    volley_fail(&unsent, VOLLEY_CANCELLED, "the result was acknowledged before all of it was sent");
    for (unsigned index = 0; index < VOLLEY_RESULTS; index++) {
        struct volley_job *job = &device->jobs[index];
        if (job->state != VOLLEY_JOB_DONE || job->session != link->session || job->first_request > through) continue;
        if (job->is_awaited) volley_refuse_awaited(device, job, &unsent);
        volley_drop_job(device, job);
    }
}

void volley_write_held(const struct volley_device *device, struct volley_writer *writer, uint32_t tag,
                       const uint8_t run[16]) {
    for (unsigned index = 0; index < VOLLEY_RESULTS; index++) {
        const struct volley_job *job = &device->jobs[index];
        if (!volley_is_held(job) || memcmp(job->run, run, 16) != 0) continue;
        uint32_t held = volley_write_begin(writer, tag);
        volley_write_number(writer, 1, job->batch.number);
        volley_write_number(writer, 2, volley_wire_state(job));
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
