// Results: what the chip records, how it is kept, and the chunks in which it travels (SPEC sections 7.4, 7.5 and 10.6).
//
// A result is kept as four columns: validity, ends, CADC codes, spikes. Chunks are put together while they are sent.
#include "volley_private.h"

enum { CHUNK_HEAD = 32, SPIKES_HEAD = 32, SAMPLES_HEAD = 16, HAS_SPIKES = 1, HAS_SAMPLES = 2 };

static uint32_t samples_of_entry(const struct volley_job *job) { return job->batch.membrane_count * job->samples; }

// Recording

void volley_begin_recording(struct volley_job *job) {
    struct volley_recording *recording = &job->recording;
    uint32_t entries = job->batch.entry_count;
    memset(recording, 0, sizeof *recording);
    recording->batch = &job->batch;
    recording->is_first = true;
    recording->validity = job->result;
    recording->ends = job->result + entries;
    recording->samples = recording->ends + 4 * (size_t)entries;
    recording->spikes = recording->samples + (size_t)entries * samples_of_entry(job);
}

void volley_record_spike(struct volley_recording *recording, uint32_t tick, uint32_t neuron) {
    const struct volley_configuration *configuration = recording->batch->configuration;
    struct volley_event *last = &recording->last;
    bool is_later = recording->entry_recorded == 0 || tick > last->tick || (tick == last->tick && neuron > last->unit);
    if (!is_later || tick >= configuration->window || neuron >= configuration->neuron_count
        || recording->entry >= recording->batch->entry_count) {
        recording->is_disordered = true;
        return;
    }
    *last = (struct volley_event){(uint16_t)tick, (uint16_t)neuron};
    if (recording->entry_recorded == VOLLEY_EVENTS) {
        recording->dropped_by_output_link++;
        recording->entry_validity |= VOLLEY_BUFFER_OVERFLOW;
        return;
    }
    recording->entry_recorded++;
    if (recording->batch->records_spikes) {
        uint8_t *place = recording->spikes + 4 * (size_t)recording->recorded;
        volley_put16(place, last->tick);
        volley_put16(place + 2, last->unit);
    }
    recording->recorded++;
}

uint8_t *volley_record_samples(struct volley_recording *recording) {
    const struct volley_batch *batch = recording->batch;
    size_t size = (size_t)batch->membrane_count * batch->configuration->sample_count;
    if (size == 0 || recording->entry >= batch->entry_count) return NULL;
    return recording->samples + recording->entry * size;
}

void volley_record_entry(struct volley_recording *recording, unsigned validity) {
    if (recording->entry >= recording->batch->entry_count) {
        recording->is_disordered = true;
        return;
    }
    recording->validity[recording->entry] = (uint8_t)((validity & 15) | recording->entry_validity);
    volley_put32(recording->ends + 4 * (size_t)recording->entry, (uint32_t)recording->recorded);
    recording->entry++;
    recording->entry_recorded = 0;
    recording->entry_validity = 0;
}

// Costs

void volley_write_costs(uint8_t block[136], const uint64_t events[8], const double costs[9]) {
    for (unsigned index = 0; index < 8; index++) volley_put64(block + 8 * index, events[index]);
    for (unsigned index = 0; index < 9; index++) volley_put64(block + 64 + 8 * index, volley_bits_of(costs[index]));
}

// Fills the account of a batch in; false where events are missing in it (CST-001).
static bool count_costs(struct volley_device *device, struct volley_job *job) {
    const struct volley_recording *recording = &job->recording;
    const struct volley_configuration *configuration = job->batch.configuration;
    const double entries = job->batch.entry_count, tick = 8e-9;
    uint64_t offered = device->stages[job->stage].events;
    uint64_t lost = recording->dropped_by_input_link + recording->dropped_by_drivers;
    uint32_t gap = configuration->entry_spacing > job->window ? configuration->entry_spacing - job->window : 0;
    if (lost > offered) return false;
    const uint64_t events[8] = {
        offered,
        offered - lost,
        recording->dropped_by_input_link,
        recording->dropped_by_drivers,
        recording->recorded + recording->dropped_by_arbitration + recording->dropped_by_output_link,
        recording->recorded,
        recording->dropped_by_arbitration,
        recording->dropped_by_output_link,
    };
    const double costs[9] = {
        recording->configuration_seconds,
        recording->weights_seconds,
        entries * job->window * tick,
        entries * gap * tick,
        recording->readback_seconds,
        recording->static_joules,
        recording->events_joules,
        recording->samples_joules,
        (double)(device->now - job->began) / 1000,
    };
    volley_write_costs(job->costs, events, costs);
    for (unsigned index = 0; index < 8; index++) device->counters.events[index] += events[index];
    for (unsigned index = 0; index < 9; index++) device->counters.costs[index] += costs[index];
    return true;
}

// Chunks

// Where the bytes of a chunk go: what lies in a window of it is copied, and all of it goes into a checksum.
struct sink {
    uint8_t *bytes;
    uint32_t skip, left, crc;
};

static void emit(struct sink *sink, const void *bytes, uint32_t count) {
    if (!sink->bytes) {
        sink->crc = volley_crc32c(sink->crc, bytes, count);
        return;
    }
    uint32_t skipped = sink->skip < count ? sink->skip : count, part = count - skipped;
    if (part > sink->left) part = sink->left;
    if (part > 0) memcpy(sink->bytes, (const uint8_t *)bytes + skipped, part);
    sink->bytes += part;
    sink->skip -= skipped;
    sink->left -= part;
}

uint32_t volley_chunk_count(const struct volley_job *job) {
    uint32_t entries = job->batch.entry_count, size = job->chunk_entries;
    return entries == 0 ? 1 : entries / size + (entries % size != 0);
}

// First entry, and entries, of a chunk.
static uint32_t entries_of(const struct volley_job *job, uint32_t chunk, uint32_t *first) {
    // A count of chunks times entries fits, because the last chunk but one ends before the last entry.
    *first = chunk * job->chunk_entries;
    uint32_t left = job->batch.entry_count - *first;
    return left < job->chunk_entries ? left : job->chunk_entries;
}

static uint32_t end_before(const struct volley_job *job, uint32_t entry) {
    return entry ? volley_get32(job->recording.ends + 4 * (size_t)(entry - 1)) : 0;
}

uint32_t volley_chunk_length(const struct volley_job *job, uint32_t chunk) {
    uint32_t first, entries = entries_of(job, chunk, &first), length = CHUNK_HEAD + (entries + 3) / 4 * 4;
    if (job->batch.records_spikes) {
        uint32_t spikes = end_before(job, first + entries) - end_before(job, first);
        length += SPIKES_HEAD + 4 * entries + 4 * spikes;
    }
    if (samples_of_entry(job) > 0) length += SAMPLES_HEAD + entries * samples_of_entry(job);
    return length;
}

static void emit_spikes(const struct volley_job *job, uint32_t first, uint32_t entries, struct sink *sink) {
    uint32_t begin = end_before(job, first), count = end_before(job, first + entries) - begin;
    uint8_t head[SPIKES_HEAD] = {0}, end[4];
    volley_put16(head, 1);
    volley_put32(head + 4, job->neurons);
    volley_put32(head + 8, 8000);
    volley_put32(head + 12, job->window);
    volley_put32(head + 16, entries);
    volley_put32(head + 20, count);
    emit(sink, head, sizeof head);
    for (uint32_t entry = first; entry < first + entries; entry++) {
        volley_put32(end, end_before(job, entry + 1) - begin);
        emit(sink, end, sizeof end);
    }
    emit(sink, job->recording.spikes + 4 * (size_t)begin, 4 * count);
}

static void emit_chunk(const struct volley_job *job, uint32_t chunk, struct sink *sink) {
    static const uint8_t zeros[3];
    uint32_t first, entries = entries_of(job, chunk, &first), samples = samples_of_entry(job);
    uint8_t head[CHUNK_HEAD] = {0};
    volley_put64(head, job->batch.number);
    volley_put32(head + 8, chunk);
    volley_put32(head + 12, first);
    volley_put32(head + 16, entries);
    volley_put32(head + 20, (job->batch.records_spikes ? HAS_SPIKES : 0u) | (samples > 0 ? HAS_SAMPLES : 0u));
    emit(sink, head, sizeof head);
    emit(sink, job->recording.validity + first, entries);
    emit(sink, zeros, (4 - entries % 4) % 4);
    if (job->batch.records_spikes) emit_spikes(job, first, entries, sink);
    if (samples > 0) {
        uint8_t grid[SAMPLES_HEAD];
        volley_put32(grid, job->batch.first_membrane);
        volley_put32(grid + 4, job->batch.membrane_count);
        volley_put32(grid + 8, job->samples);
        volley_put32(grid + 12, job->period);
        emit(sink, grid, sizeof grid);
        emit(sink, job->recording.samples + (size_t)first * samples, entries * samples);
    }
}

void volley_finish_recording(struct volley_device *device, struct volley_job *job, struct volley_fault *fault) {
    const struct volley_session *session = &device->sessions[job->session];
    uint32_t longest = session->link < 0 ? VOLLEY_MESSAGE_BYTES : device->links[session->link].limits.message;
    uint8_t checksum[4];
    if (job->recording.is_disordered || job->recording.entry != job->batch.entry_count) {
        volley_fail(fault, VOLLEY_FAULT, "the chip's recording is out of order or not complete");
        return;
    }
    for (uint32_t chunk = 0; chunk < volley_chunk_count(job); chunk++) {
        if (volley_chunk_length(job, chunk) > longest) {
            volley_fail(fault, VOLLEY_INVALID, "a chunk above the message limit; ask for fewer entries in each");
            return;
        }
    }
    if (!count_costs(device, job)) {
        volley_fail(fault, VOLLEY_FAULT, "the chip's account of events does not balance");
        return;
    }
    job->chunk_crc = 0;
    for (uint32_t chunk = 0; chunk < volley_chunk_count(job); chunk++) {
        struct sink sink = {NULL, 0, 0, 0};
        emit_chunk(job, chunk, &sink);
        volley_put32(checksum, sink.crc);
        job->chunk_crc = volley_crc32c(job->chunk_crc, checksum, sizeof checksum);
    }
    device->counters.executed++;
    device->counters.entries += job->batch.entry_count;
    device->conditions = job->conditions;
}

// Sending

static void send_done(struct volley_device *device, struct volley_link *link, const struct volley_job *job,
                      struct volley_header header) {
    struct volley_writer payload = volley_payload(link);
    header.type = VOLLEY_DONE;
    header.flags |= VOLLEY_FINAL;
    header.fragments = 1;
    volley_write_number(&payload, 1, job->batch.number);
    volley_write_number(&payload, 2, job->attempt);
    volley_write_number(&payload, 3, job->batch.entry_count);
    volley_write_number(&payload, 4, volley_chunk_count(job));
    volley_write_fixed32(&payload, 5, job->chunk_crc);
    volley_write_bytes(&payload, 6, job->costs, sizeof job->costs);
    volley_write_bytes(&payload, 7, job->configuration_hash, 32);
    volley_write_fixed32(&payload, 8, job->image_crc);
    volley_write_bytes(&payload, 9, job->content, 32);
    if (job->conditions.has_temperature) volley_write_present_double(&payload, 10, job->conditions.temperature);
    volley_send(device, link, header, &payload);
}

// Sends the next frame of the chunk on its way, if the credit allows (CRD-001).
static void send_frame(struct volley_device *device, struct volley_link *link, struct volley_header header) {
    struct volley_stream *stream = &link->stream;
    struct volley_session *session = volley_session_of(device, link);
    struct volley_job *job = &device->jobs[stream->job];
    uint32_t length = volley_chunk_length(job, stream->chunk), size = link->limits.frame;
    uint32_t part = length - stream->offset < size ? length - stream->offset : size;
    if (session->credit_granted < session->credit_used + part) return;
    struct volley_writer payload = volley_payload(link);
    struct sink sink = {payload.bytes, stream->offset, part, 0};
    emit_chunk(job, stream->chunk, &sink);
    payload.length = part;
    header.fragment = (uint16_t)(stream->offset / size);
    header.fragments = (uint16_t)((length + size - 1) / size);
    header.total = length;
    volley_send(device, link, header, &payload);
    session->credit_used += part;
    stream->offset += part;
    if (stream->offset < length) return;
    stream->offset = 0;
    stream->chunk++;
    // The batch was acknowledged, or asked for once more, meanwhile.
    if (job->state == VOLLEY_JOB_DROPPED) job->state = VOLLEY_JOB_FREE;
    if (job->state != VOLLEY_JOB_DONE || job->wants_delivery) stream->job = -1;
}

// Picks the result that has waited for longest.
static void begin_stream(struct volley_device *device, struct volley_link *link) {
    struct volley_job *next = NULL;
    for (unsigned index = 0; index < VOLLEY_RESULTS; index++) {
        struct volley_job *job = &device->jobs[index];
        if (job->state != VOLLEY_JOB_DONE || !job->wants_delivery || job->session != link->session) continue;
        if (!next || job->ticket < next->ticket) next = job;
    }
    if (!next) return;
    next->wants_delivery = false;
    link->stream = (struct volley_stream){(int8_t)(next - device->jobs), next->is_duplicate, 0, 0, next->request};
}

static bool send_ending(struct volley_device *device, struct volley_link *link) {
    for (unsigned index = 0; index < VOLLEY_RESULTS; index++) {
        struct volley_job *job = &device->jobs[index];
        if (job->state != VOLLEY_JOB_ENDING || job->session != link->session) continue;
        volley_refuse(device, link, VOLLEY_EXECUTE, job->request, &job->fault);
        job->state = VOLLEY_JOB_FREE;
        return true;
    }
    return false;
}

void volley_send_results(struct volley_device *device, struct volley_link *link) {
    if (link->session < 0 || send_ending(device, link)) return;
    if (link->owes_goaway) {
        struct volley_writer payload = volley_payload(link);
        struct volley_header header = {.type = VOLLEY_GOAWAY, .fragments = 1};
        volley_write_text(&payload, 1, device->leaving);
        volley_send(device, link, header, &payload);
        link->owes_goaway = false;
        return;
    }
    if (link->stream.job < 0) begin_stream(device, link);
    if (link->stream.job < 0) return;
    struct volley_job *job = &device->jobs[link->stream.job];
    struct volley_header header = {.type = VOLLEY_RESULT, .flags = VOLLEY_RESPONSE, .fragments = 1};
    header.request = link->stream.request;
    if (link->stream.is_duplicate) header.flags |= VOLLEY_DUPLICATE;
    if (link->stream.chunk < volley_chunk_count(job)) {
        send_frame(device, link, header);
    } else {
        send_done(device, link, job, header);
        job->is_awaited = false;
        link->stream.job = -1;
    }
}
