// The device for tests from Python by ctypes: several links, and a clock that the test turns.
//
// The chip is the tiny one, between guards that a test can look at; it can be told to fail, to dawdle and to measure a
// temperature.
#include <stdlib.h>

#include "../tiny_chip.h"
#include "../volley_device.h"

struct bench {
    uint8_t before[64];
    struct volley_device device;
    uint8_t after[64];
    struct tiny_chip tiny;
    struct volley_chip functions;
    // What the chip is told to do.
    int dawdles, fails_to_run, refuses, floods, disorders;
    double temperature;
    uint64_t configured, loaded, runs;
};

static const char *configure(void *context, const struct volley_configuration *configuration) {
    struct bench *bench = context;
    bench->configured++;
    if (bench->refuses == 1) return "the chip takes no configuration today";
    return bench->functions.configure(bench->functions.context, configuration);
}

static const char *load_weights(void *context, const int8_t *codes, uint32_t count) {
    struct bench *bench = context;
    bench->loaded++;
    if (bench->refuses == 2) return "the synapse memory does not answer";
    return bench->functions.load_weights(bench->functions.context, codes, count);
}

static void describe(void *context, struct volley_description *description) {
    struct bench *bench = context;
    bench->functions.describe(bench->functions.context, description);
}

static void health(void *context, struct volley_conditions *conditions) {
    struct bench *bench = context;
    conditions->has_temperature = bench->temperature > -273;
    conditions->temperature = bench->temperature;
}

static enum volley_progress run(void *context, const struct volley_batch *batch, struct volley_recording *recording) {
    struct bench *bench = context;
    bench->runs++;
    if (bench->dawdles) return VOLLEY_RUNNING;
    if (bench->fails_to_run) return VOLLEY_FAILED;
    if (bench->disorders) {
        volley_record_spike(recording, 5, 0);
        volley_record_spike(recording, 4, 0);
    }
    if (bench->floods) {
        // Every neuron in every tick: more than an entry's buffer holds.
        for (uint32_t tick = 0; tick < batch->configuration->window; tick++) {
            for (uint32_t neuron = 0; neuron < batch->configuration->neuron_count; neuron++) {
                volley_record_spike(recording, tick, neuron);
            }
        }
        uint8_t *codes = volley_record_samples(recording);
        uint32_t size = batch->membrane_count * batch->configuration->sample_count;
        if (codes) memset(codes, 7, size);
        volley_record_entry(recording, VOLLEY_SATURATED);
        return recording->entry == batch->entry_count ? VOLLEY_FINISHED : VOLLEY_RUNNING;
    }
    return bench->functions.run(bench->functions.context, batch, recording);
}

// A device that has started `starts` times, with nothing on its links; NULL if it does not start.
struct bench *bench_new(uint64_t boot, uint16_t starts) {
    struct bench *bench = calloc(1, sizeof *bench);
    struct volley_identity identity = {.serial = 7, .boot = boot, .start_number = starts};
    struct volley_chip chip = {bench, describe, configure, load_weights, run, health};
    volley_put64(identity.secret, boot);
    memset(bench->before, 0xa5, sizeof bench->before);
    memset(bench->after, 0xa5, sizeof bench->after);
    bench->temperature = -300;
    bench->functions = tiny_chip_functions(&bench->tiny);
    if (volley_start(&bench->device, &identity, &chip, 0)) {
        free(bench);
        return NULL;
    }
    return bench;
}

void bench_free(struct bench *bench) { free(bench); }

// Whether the bytes around the device are as they were.
bool bench_is_intact(const struct bench *bench) {
    for (unsigned index = 0; index < sizeof bench->before; index++) {
        if (bench->before[index] != 0xa5 || bench->after[index] != 0xa5) return false;
    }
    return true;
}

void bench_set(struct bench *bench, int dawdles, int fails, int refuses, int floods, int disorders, double temperature) {
    bench->dawdles = dawdles;
    bench->fails_to_run = fails;
    bench->refuses = refuses;
    bench->floods = floods;
    bench->disorders = disorders;
    bench->temperature = temperature;
}

void bench_open(struct bench *bench, unsigned link, int is_framed, uint64_t now) {
    volley_link_open(&bench->device, link, is_framed ? VOLLEY_FRAMES : VOLLEY_STREAM, now);
}

void bench_close(struct bench *bench, unsigned link) { volley_link_close(&bench->device, link); }

size_t bench_receive(struct bench *bench, unsigned link, const uint8_t *bytes, size_t count, uint64_t now) {
    return volley_receive(&bench->device, link, bytes, count, now);
}

bool bench_receive_end(struct bench *bench, unsigned link, uint64_t now) {
    return volley_receive_end(&bench->device, link, now);
}

// Copies up to `room` bytes of what has to be sent, and counts them as sent.
size_t bench_transmit(struct bench *bench, unsigned link, uint8_t *bytes, size_t room) {
    const uint8_t *next;
    size_t count = volley_transmit(&bench->device, link, &next);
    if (count > room) count = room;
    if (count == 0) return 0;
    memcpy(bytes, next, count);
    volley_transmitted(&bench->device, link, count);
    return count;
}

bool bench_work(struct bench *bench, uint64_t now) { return volley_work(&bench->device, now); }
void bench_tick(struct bench *bench, uint64_t now) { volley_tick(&bench->device, now); }
void bench_leave(struct bench *bench) { volley_leave(&bench->device, "the test ends"); }
bool bench_is_idle(const struct bench *bench) { return volley_is_idle(&bench->device); }
bool bench_has_session(const struct bench *bench, unsigned link) { return bench->device.links[link].session >= 0; }
bool bench_wants_input(const struct bench *bench, unsigned link) { return volley_wants_input(&bench->device, link); }
size_t bench_size(void) { return sizeof(struct volley_device); }
uint64_t bench_runs(const struct bench *bench) { return bench->runs; }
unsigned bench_links(void) { return VOLLEY_LINKS; }
unsigned bench_sessions(void) { return VOLLEY_SESSIONS; }

uint32_t bench_crc32c(const uint8_t *bytes, size_t count) { return volley_crc32c(0, bytes, count); }

void bench_sha256(const uint8_t *bytes, size_t count, size_t first, uint8_t digest[32]) {
    struct volley_hash hash;
    volley_hash_begin(&hash);
    volley_hash_add(&hash, bytes, first);
    volley_hash_add(&hash, bytes + first, count - first);
    volley_hash_end(&hash, digest);
}
