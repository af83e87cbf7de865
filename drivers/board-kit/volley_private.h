// What the files of the device share with each other.
#ifndef VOLLEY_PRIVATE_H
#define VOLLEY_PRIVATE_H

#include "volley_device.h"

/// Types of messages (SPEC section 5).
enum volley_type {
    VOLLEY_HELLO = 0x01,
    VOLLEY_OPEN = 0x02,
    VOLLEY_CLOSE = 0x03,
    VOLLEY_PING = 0x04,
    VOLLEY_CREDIT = 0x05,
    VOLLEY_CANCEL = 0x06,
    VOLLEY_GOAWAY = 0x07,
    VOLLEY_ERROR = 0x08,
    VOLLEY_ACQUIRE = 0x10,
    VOLLEY_RENEW = 0x11,
    VOLLEY_RELEASE = 0x12,
    VOLLEY_QUERY = 0x13,
    VOLLEY_DESCRIBE = 0x20,
    VOLLEY_CONFIGURE = 0x21,
    VOLLEY_WEIGHTS = 0x25,
    VOLLEY_COMMIT = 0x26,
    VOLLEY_STAGE = 0x30,
    VOLLEY_EXECUTE = 0x31,
    VOLLEY_RESULT = 0x32,
    VOLLEY_DONE = 0x33,
    VOLLEY_ACK = 0x34,
    VOLLEY_LIST = 0x35,
    VOLLEY_GET = 0x40,
    VOLLEY_REPORT = 0x42
};

/// Flags of a header.
enum { VOLLEY_RESPONSE = 1, VOLLEY_FINAL = 2, VOLLEY_DUPLICATE = 4 };

/// `BatchState` of the wire.
enum {
    VOLLEY_BATCH_QUEUED = 1,
    VOLLEY_BATCH_RUNNING = 2,
    VOLLEY_BATCH_DONE = 3,
    VOLLEY_BATCH_CANCELLED = 4
};

/// Times of SPEC section 8, in milliseconds.
enum {
    VOLLEY_GREETING_MS = 10000,
    VOLLEY_SILENCE_MS = 3000,
    VOLLEY_SESSION_MS = 60000,
    VOLLEY_LEASE_LONGEST_MS = 60000,
    VOLLEY_LEASE_SHORTEST_MS = 100
};

/// A whole message. Of one above VOLLEY_BULK_BYTES only the length is there.
struct volley_message {
    const struct volley_header *header;
    const uint8_t *payload;
    uint32_t length;
};

// volley_link.c: frames.

/// Begins a message to the host; the payload is written into what is returned, then `volley_send` sends it.
struct volley_writer volley_payload(struct volley_link *link);
/// Sends the payload as one frame with this header, of which type, flags, request, status and fragments count.
void volley_send(struct volley_device *device, struct volley_link *link, struct volley_header header,
                 const struct volley_writer *payload);
/// Answers a request for good.
void volley_answer(struct volley_device *device, struct volley_link *link, const struct volley_message *message,
                   const struct volley_writer *payload);
/// Ends a request with a status and `Fault`: LEASE_HELD says who has the lease, VERSION what versions there are.
void volley_refuse(struct volley_device *device, struct volley_link *link, uint8_t type, uint64_t request,
                   const struct volley_fault *fault);
/// ERROR, and the link is forgotten (FRM-006).
void volley_end_link(struct volley_device *device, struct volley_link *link, enum volley_status status,
                     const char *words, uint32_t offset);
/// Makes a link as good as new, without a word; a stream stays deaf where `is_deaf`.
void volley_forget_link(struct volley_device *device, struct volley_link *link, bool is_deaf);

// volley_session.c: HELLO, OPEN, the lease.

/// Answers HELLO.
void volley_on_hello(struct volley_device *device, struct volley_link *link, const struct volley_message *message,
                     struct volley_fault *fault);
/// Answers OPEN.
void volley_on_open(struct volley_device *device, struct volley_link *link, const struct volley_message *message,
                    struct volley_fault *fault);
/// Whether no living link carries the session.
bool volley_is_detached(const struct volley_device *device, const struct volley_session *session);
/// Forgets a session and all that it holds.
void volley_end_session(struct volley_device *device, struct volley_session *session);
/// Ends the session that has been detached for longest and has no lease; false if there is none but `keep`.
bool volley_end_idle_session(struct volley_device *device, const struct volley_session *keep);

// volley_lease.c.

/// LSE-001, LSE-002: refuses a token that is not the lease's; a good one prolongs it.
void volley_check_lease(struct volley_device *device, const struct volley_session *session, uint32_t token,
                        struct volley_fault *fault);
/// Answers ACQUIRE; sends its own refusal where another host has the lease.
void volley_on_acquire(struct volley_device *device, struct volley_link *link, const struct volley_message *message,
                       struct volley_fault *fault);
/// Answers RELEASE.
void volley_on_release(struct volley_device *device, struct volley_link *link, const struct volley_message *message);
/// Answers QUERY.
void volley_on_query(struct volley_device *device, struct volley_link *link, const struct volley_message *message);
/// Writes `Holder` as a field.
void volley_write_holder(const struct volley_device *device, struct volley_writer *writer, uint32_t tag);
/// Frees the lease when its time is over.
void volley_expire_lease(struct volley_device *device);

// volley_request.c.

/// Acts on a whole message of a link.
void volley_act(struct volley_device *device, struct volley_link *link, const struct volley_message *message);

// volley_setup.c: CONFIGURE, WEIGHTS, COMMIT, STAGE, and the pools.

/// Answers CONFIGURE.
void volley_on_configure(struct volley_device *device, struct volley_link *link, const struct volley_message *message,
                         struct volley_fault *fault);
/// Answers WEIGHTS.
void volley_on_weights(struct volley_device *device, struct volley_link *link, const struct volley_message *message,
                       struct volley_fault *fault);
/// Answers COMMIT.
void volley_on_commit(struct volley_device *device, struct volley_link *link, const struct volley_message *message,
                      struct volley_fault *fault);
/// Answers STAGE.
void volley_on_stage(struct volley_device *device, struct volley_link *link, const struct volley_message *message,
                     struct volley_fault *fault);
/// Empties a slot of a session, if it holds something.
void volley_empty_slot(struct volley_device *device, struct volley_session *session, uint32_t slot);
/// One user fewer of a held configuration, and of an image; -1 is none.
void volley_release(struct volley_device *device, int8_t *configuration, int8_t *image);
/// Makes the chip hold a configuration and an image. Returns NULL, or what the chip says.
const char *volley_load(struct volley_device *device, int8_t configuration, int8_t image);

// volley_configuration.c.

/// Reads a CONFIGURE and holds it against the chip (CFG-002 to CFG-005); false where it does not fit.
bool volley_read_configuration(const struct volley_device *device, const struct volley_message *message,
                               struct volley_configuration *configuration, struct volley_fault *fault);

// volley_spikes.c.

/// Checks a spike block of inputs (SPK-001 to SPK-004); `base` is its place in the payload.
bool volley_check_spikes(const uint8_t *block, uint32_t length, uint32_t base,
                         const struct volley_configuration *configuration, struct volley_fault *fault);

// volley_execute.c.

/// Answers EXECUTE.
void volley_on_execute(struct volley_device *device, struct volley_link *link, const struct volley_message *message,
                       struct volley_fault *fault);
// volley_batch.c: accepted batches.

/// Whether a job waits or runs.
static inline bool volley_is_unfinished(const struct volley_job *job) {
    return job->state == VOLLEY_JOB_QUEUED || job->state == VOLLEY_JOB_RUNNING;
}

/// Whether hosts are told of a job: it waits, runs, or has its result.
static inline bool volley_is_held(const struct volley_job *job) {
    return volley_is_unfinished(job) || job->state == VOLLEY_JOB_DONE;
}

/// The `BatchState` of a job that is held.
static inline uint32_t volley_wire_state(const struct volley_job *job) {
    if (job->state == VOLLEY_JOB_QUEUED) return VOLLEY_BATCH_QUEUED;
    return job->state == VOLLEY_JOB_RUNNING ? VOLLEY_BATCH_RUNNING : VOLLEY_BATCH_DONE;
}

/// The job of a batch that is held, or NULL.
struct volley_job *volley_find_job(struct volley_device *device, const uint8_t run[16], uint64_t number);
/// Where an EXECUTE waits for the end of a job; NULL if nobody does.
struct volley_link *volley_awaiting_link(struct volley_device *device, const struct volley_job *job);
/// Ends the EXECUTE that waits for a batch, if one does on a link that has room for the answer.
void volley_refuse_awaited(struct volley_device *device, struct volley_job *job, const struct volley_fault *fault);
/// Answers CANCEL.
void volley_on_cancel(struct volley_device *device, struct volley_link *link, const struct volley_message *message,
                      struct volley_fault *fault);
/// Acts on ACK.
void volley_on_ack(struct volley_device *device, struct volley_link *link, const struct volley_message *message,
                   struct volley_fault *fault);
/// Writes the batches of a run as repeated `HeldBatch`.
void volley_write_held(const struct volley_device *device, struct volley_writer *writer, uint32_t tag,
                       const uint8_t run[16]);
/// Forgets all batches of a session.
void volley_forget_jobs(struct volley_device *device, const struct volley_session *session);
/// Ends the unfinished batches of all sessions but one with FENCED (LSE-004).
void volley_fence_jobs(struct volley_device *device, const struct volley_session *holder);
/// A session has lost its link: nothing more is sent by itself (OPN-003).
void volley_stop_deliveries(struct volley_device *device, struct volley_link *link);
/// Ends a batch that has no result, and has its host told.
void volley_end_job(struct volley_device *device, struct volley_job *job, const struct volley_fault *fault);
/// Gives a job's place back, now or when the chunk on its way is sent.
void volley_drop_job(struct volley_device *device, struct volley_job *job);

// volley_result.c: results.

/// Lays out the storage of a result and begins its recording.
void volley_begin_recording(struct volley_job *job);
/// Fixes costs and checksum of a result that is complete; refuses one that breaks the protocol.
void volley_finish_recording(struct volley_device *device, struct volley_job *job, struct volley_fault *fault);
/// The length of a chunk.
uint32_t volley_chunk_length(const struct volley_job *job, uint32_t chunk);
/// The number of chunks.
uint32_t volley_chunk_count(const struct volley_job *job);
/// Sends the next frame of a result, or how a batch ended, if there is one and the credit allows.
void volley_send_results(struct volley_device *device, struct volley_link *link);
/// Writes a costs block (SPEC section 7.5).
void volley_write_costs(uint8_t block[136], const uint64_t events[8], const double costs[9]);

/// A link's session, or NULL.
static inline struct volley_session *volley_session_of(struct volley_device *device, const struct volley_link *link) {
    return link->session < 0 ? NULL : &device->sessions[link->session];
}

#endif
