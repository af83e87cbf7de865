// A USB bus with emulated devices, below libusb: the kernel's usbfs files, answered in this process.
//
// umockdev stands in for sysfs, for udev's events and for the device files; this file answers the files' requests and
// hands transfers to callbacks. A process has one bus at a time, because umockdev knows it by an environment variable.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct mock_bus mock_bus;
typedef struct mock_device mock_device;

/// What a device does. All are called on the bus's one thread, without a lock; a transfer may be completed before its
/// callback returns, or later from any thread.
typedef struct {
    void *context;
    /// A control transfer: 8 bytes of setup, then `length` bytes of data for the device.
    void (*control)(void *context, mock_device *device, uint64_t urb, const uint8_t *setup, const uint8_t *data, size_t length);
    void (*bulk_out)(void *context, mock_device *device, uint64_t urb, const uint8_t *data, size_t length, bool zero_packet);
    void (*bulk_in)(void *context, mock_device *device, uint64_t urb, size_t length);
    /// Calls a transfer back; it is to be completed with -ENOENT unless it has been completed already.
    void (*cancel)(void *context, mock_device *device, uint64_t urb);
    /// A request that the kernel makes itself (halts, configuration, interface, reset). Returns 0 or a negative errno.
    int (*request)(void *context, const uint8_t *setup);
} mock_callbacks;

/// What a device is.
typedef struct {
    uint16_t vendor;
    uint16_t product;
    /// Megabits per second: 12, 480 or 5000.
    int speed;
    /// Device and configuration descriptor, as in sysfs.
    const uint8_t *descriptors;
    size_t length;
} mock_identity;

/// Begins a bus without devices; NULL if the system lacks what it needs, which standard error then tells.
mock_bus *mock_bus_begin(void);
/// Ends the bus; its devices have to be freed.
void mock_bus_end(mock_bus *bus);
/// The folder that stands in for the root of the file system.
const char *mock_bus_root(const mock_bus *bus);
/// Plugs a device in, under the next free address.
mock_device *mock_bus_plug(mock_bus *bus, const mock_identity *identity, const mock_callbacks *callbacks);
/// Tells programs that listen for devices that this one was added, or will be removed.
///
/// No listener may be ending meanwhile: umockdev ends the process when one is gone between being found and being told.
void mock_device_announce(mock_device *device, bool added);
/// Pulls a device out: what is pending is over, and the device's files are gone.
void mock_device_unplug(mock_device *device);
/// Frees a device that nobody has open any more. Pulls it out first if that has not been done.
void mock_device_free(mock_device *device);
/// The device's file below the bus's root.
const char *mock_device_path(const mock_device *device);
/// Ends a transfer: 0 or a negative errno; `data` is what came, for a transfer to the host. An unknown number is ignored.
void mock_device_complete(mock_device *device, uint64_t urb, int status, const uint8_t *data, size_t length);
/// From now on claiming an interface fails with this errno; 0 for success.
void mock_device_refuse_claim(mock_device *device, int error);
/// From now on submitting bulk transfers fails with this errno; 0 for success.
void mock_device_refuse_bulk(mock_device *device, int error);
/// From now on transfers that are called back do not come back, as in a kernel that hangs.
void mock_device_ignore_cancel(mock_device *device, bool ignore);
/// Requests that the device's file has answered.
uint64_t mock_device_requests(mock_device *device);
/// Opens files with the rights of this user from now on, on this thread alone; needs to be called by root to do anything.
void mock_act_as_user(unsigned user);
/// Bytes of the heap that this process has in use, in all of the C library's arenas; what was freed and kept is not counted.
size_t mock_heap_bytes(void);
