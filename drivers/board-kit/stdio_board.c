// volley-board: the tiny chip behind the device's side of VP/1, as a program whose link is its input and output.
//
// It is what a board's firmware looks like, with a POSIX system in the place of the board; its URI is
// `exec:volley-board`. The link ends with the input; after an error, with an ERROR as the last frame, the program ends,
// too, because a stream cannot be trusted any more. Exit status: 0 after the end of the input, 1 after an error of the
// link, 2 for wrong use.
#define _POSIX_C_SOURCE 200809L

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "tiny_chip.h"
#include "volley_device.h"

static struct volley_device device;
static struct tiny_chip chip;
static volatile sig_atomic_t is_told_to_stop;

static void stop(int signal) {
    (void)signal;
    is_told_to_stop = 1;
}

static uint64_t milliseconds(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000 + (uint64_t)time.tv_nsec / 1000000;
}

static void draw(void *bytes, size_t count) {
    int source = open("/dev/urandom", O_RDONLY);
    if (source < 0 || read(source, bytes, count) != (ssize_t)count) {
        fprintf(stderr, "volley-board: /dev/urandom gives no random bytes\n");
        exit(1);
    }
    close(source);
}

// Returns whether the bytes that could be written were written; false when nobody reads any more.
static bool flush(int output) {
    const uint8_t *bytes;
    for (size_t count; (count = volley_transmit(&device, 0, &bytes)) > 0;) {
        ssize_t sent = write(output, bytes, count);
        if (sent < 0) return errno == EAGAIN || errno == EINTR;
        volley_transmitted(&device, 0, (size_t)sent);
    }
    return true;
}

// Takes the bytes that are there; false at the end of the input.
static bool take(int input) {
    static uint8_t bytes[65536];
    static size_t begin, end;
    if (begin == end && volley_wants_input(&device, 0)) {
        ssize_t count = read(input, bytes, sizeof bytes);
        if (count == 0) return false;
        if (count < 0) return errno == EAGAIN || errno == EINTR;
        begin = 0;
        end = (size_t)count;
    }
    begin += volley_receive(&device, 0, bytes + begin, end - begin, milliseconds());
    return true;
}

static int serve(int input, int output) {
    bool has_input = true, is_leaving = false, is_busy = false;
    fcntl(input, F_SETFL, fcntl(input, F_GETFL) | O_NONBLOCK);
    fcntl(output, F_SETFL, fcntl(output, F_GETFL) | O_NONBLOCK);
    volley_link_open(&device, 0, VOLLEY_STREAM, milliseconds());
    for (;;) {
        const uint8_t *bytes;
        bool has_output = volley_transmit(&device, 0, &bytes) > 0;
        if (!has_output && device.links[0].state == VOLLEY_LINK_DEAF) return 1;
        if (!has_output && (!has_input || (is_leaving && volley_is_idle(&device)))) return 0;
        struct pollfd events[2] = {
            {has_input && volley_wants_input(&device, 0) ? input : -1, POLLIN, 0},
            {has_output ? output : -1, POLLOUT, 0},
        };
        if (poll(events, 2, is_busy ? 0 : 50) < 0 && errno != EINTR) return 1;
        if (is_told_to_stop && !is_leaving) {
            volley_leave(&device, "the board was told to stop");
            is_leaving = true;
        }
        if (has_input) has_input = take(input);
        if (!flush(output)) return 0;
        is_busy = volley_work(&device, milliseconds());
        volley_tick(&device, milliseconds());
    }
}

int main(int count, char **arguments) {
    struct volley_identity identity = {.serial = 1};
    for (int index = 1; index < count; index++) {
        char *end = NULL;
        bool is_serial = strcmp(arguments[index], "--serial") == 0 && index + 1 < count;
        if (is_serial) identity.serial = strtoull(arguments[++index], &end, 10);
        if (!is_serial || *end) {
            fprintf(stderr, "usage: volley-board [--serial NUMBER]\nThe link is the standard input and output.\n");
            return 2;
        }
    }
    draw(&identity.boot, sizeof identity.boot);
    draw(identity.secret, sizeof identity.secret);
    // A pipe carries no host of an earlier start; a board counts its starts in memory that lasts.
    identity.start_number = (uint16_t)time(NULL);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGTERM, stop);
    signal(SIGINT, stop);
    struct volley_chip functions = tiny_chip_functions(&chip);
    const char *flaw = volley_start(&device, &identity, &functions, milliseconds());
    if (flaw) {
        fprintf(stderr, "volley-board: %s\n", flaw);
        return 2;
    }
    return serve(STDIN_FILENO, STDOUT_FILENO);
}
