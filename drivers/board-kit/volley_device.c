// The device as a whole: start, time, leaving.
#include "volley_private.h"

// What of a chip's description does not fit the buffers or itself.
static const char *flaw(const struct volley_description *chip) {
    if (chip->neuron_circuits == 0 || chip->signed_inputs_per_circuit == 0) return "a chip without neuron circuits";
    if (chip->neuron_circuits > VOLLEY_NEURONS) return "more neuron circuits than VOLLEY_NEURONS";
    if (chip->input_channels > VOLLEY_INPUTS) return "more input channels than VOLLEY_INPUTS";
    if (chip->weight_limit == 0 || chip->weight_limit > 127) return "a weight limit that is not in 1...127";
    if (chip->cadc_maximum == 0 || chip->cadc_maximum > 255) return "a CADC that does not have codes of 1...255";
    if (chip->minimum_sample_period == 0) return "a shortest sample period of no ticks";
    if (chip->code_bits > 0 && !VOLLEY_CODES) return "parameter codes without VOLLEY_CODES";
    if (chip->code_bits > 16) return "parameter codes of more than 16 bits";
    return NULL;
}

const char *volley_start(struct volley_device *device, const struct volley_identity *identity,
                         const struct volley_chip *chip, uint64_t now) {
    memset(device, 0, sizeof *device);
    device->chip = *chip;
    device->identity = *identity;
    device->started = device->now = now;
    device->lease.session = -1;
    device->lease.token = (uint32_t)identity->start_number << 16;
    device->configuration = device->image = device->shadow = -1;
    device->loaded_configuration = device->loaded_image = -1;
    for (unsigned index = 0; index < VOLLEY_LINKS; index++) {
        device->links[index].session = -1;
        device->links[index].stream.job = -1;
    }
    chip->describe(chip->context, &device->description);
    return flaw(&device->description);
}

void volley_tick(struct volley_device *device, uint64_t now) {
    device->now = now;
    for (unsigned index = 0; index < VOLLEY_LINKS; index++) {
        struct volley_link *link = &device->links[index];
        if (link->state == VOLLEY_LINK_GREETED && now - link->heard > VOLLEY_GREETING_MS) {
            volley_forget_link(device, link, false);
        }
    }
    for (unsigned index = 0; index < VOLLEY_SESSIONS; index++) {
        struct volley_session *session = &device->sessions[index];
        if (session->is_used && now - session->heard > VOLLEY_SESSION_MS) volley_end_session(device, session);
    }
    volley_expire_lease(device);
}

void volley_leave(struct volley_device *device, const char *reason) {
    device->leaving = reason;
    for (unsigned index = 0; index < VOLLEY_LINKS; index++) {
        device->links[index].owes_goaway = device->links[index].session >= 0;
    }
}

bool volley_is_idle(const struct volley_device *device) {
    for (unsigned index = 0; index < VOLLEY_RESULTS; index++) {
        const struct volley_job *job = &device->jobs[index];
        if (volley_is_unfinished(job) || job->state == VOLLEY_JOB_ENDING || job->wants_delivery) return false;
    }
    for (unsigned index = 0; index < VOLLEY_LINKS; index++) {
        const struct volley_link *link = &device->links[index];
        if (link->stream.job >= 0 || link->owes_goaway || link->output_start != link->output_end) return false;
    }
    return true;
}
