#pragma once
#include "mock_usb.h"
#include <libusb-1.0/libusb.h>
#include <pthread.h>
#include <umockdev.h>

// A transfer between its submission and its fetching.
typedef struct mock_urb {
    uint64_t number;
    // Where libusb has its request block.
    unsigned long address;
    bool is_control;
    bool is_in;
    // Bytes that fit, for one to the host.
    size_t room;
    int status;
    size_t actual;
    uint8_t *data;
    struct mock_urb *next;
} mock_urb;

struct mock_device {
    mock_bus *bus;
    UMockdevIoctlBase *handler;
    gulong signal;
    mock_callbacks callbacks;
    // The kernel's number of a speed (linux/usb/ch9.h).
    int speed;
    char *node, *path, *folder;

    pthread_mutex_t lock;
    mock_urb *pending, *done;
    uint64_t count, requests;
    int pipe;
    bool writable, gone, ignore_cancel;
    int claim_error, bulk_error;
};

struct mock_bus {
    UMockdevTestbed *testbed;
    char *root;
    int next_address;
    // Keeps the socket on which libusb hears of devices: umockdev aborts where one closes while it sends.
    libusb_context *listener;
};

// The functions below need the device's lock.
void mock_set_writable(mock_device *device, bool writable);
void mock_end_all(mock_device *device, int status);

gboolean mock_handle_ioctl(UMockdevIoctlBase *base, UMockdevIoctlClient *client, mock_device *device);
