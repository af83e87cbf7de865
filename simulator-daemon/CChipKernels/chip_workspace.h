// The inside of a workspace.
#pragma once
#include "chip_block.h"

// An array that grows.
typedef struct {
    void *memory;
    size_t capacity;
} chip_room;

// An input event at its driver.
typedef struct {
    uint32_t tick, unit;
} chip_drive;

// An event that arrives at a row `fraction` of a step before the end of its step; index of the next in a list, or 0.
typedef struct {
    uint32_t population, step, row, next;
    float fraction;
} chip_arrival;

// The arrivals of a population in a step: the first, or 0, and the last.
typedef struct {
    uint32_t first, last;
} chip_list;

struct chip_workspace {
    chip_room states, lists, arrivals, events, begins, places, drives, spikes, codes;
    chip_room ticks, limits, keys, swap, order, normals;
    chip_room collected;
    size_t collected_count;
    uint32_t arrival_count, spike_count;
};

// Makes room for so many bytes, keeping what is there; NULL without memory.
void *chip_room_reserve(chip_room *room, size_t bytes);

// A server's state: when it is free.
typedef struct {
    double free;
} chip_queue;

// Passes an event that arrives at a time; returns when it leaves, or -1 if it is lost.
static inline double chip_queue_pass(chip_queue *queue, const chip_server *server, double time) {
    if (server->service <= 0) return time;
    double start = queue->free > time ? queue->free : time;
    if (start - time > server->depth * server->service) return -1;
    queue->free = start + server->service;
    return start;
}
