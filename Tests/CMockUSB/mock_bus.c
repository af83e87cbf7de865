// The bus: what sysfs, udev and /dev show of the devices.
#define _GNU_SOURCE
#include "mock_private.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

// The variable exists from the program's start and never goes: setting it then changes a pointer, while adding it would
// move the environment under the feet of other threads. Between two buses it names a folder with a file `disabled`, for
// which the preloaded library lets everything through; an empty one would make it take all of /dev for emulated. The
// folder is beside the program and stays there: a process that is killed could not take one of its own away.
static char idle_folder[PATH_MAX];

__attribute__((constructor)) static void reserve_variable(void) {
    char file[PATH_MAX + 16];
    const ssize_t length = readlink("/proc/self/exe", idle_folder, sizeof idle_folder - 16);
    char *end = length > 0 ? memrchr(idle_folder, '/', (size_t)length) : NULL;
    if (!end) return;
    strcpy(end, "/no-usb-bus");
    mkdir(idle_folder, 0755);
    snprintf(file, sizeof file, "%s/disabled", idle_folder);
    close(open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
    // The library makes sockets in the folder. Where nothing can be written, as in the machine of usb_kernel.sh, it has to
    // stay out of the way: the tests there are of a real bus.
    if (access(file, F_OK) == 0 && access(idle_folder, W_OK) == 0) setenv("UMOCKDEV_DIR", idle_folder, 0);
}

mock_bus *mock_bus_begin(void) {
    mock_bus *bus = calloc(1, sizeof *bus);
    bus->testbed = umockdev_testbed_new();
    bus->root = umockdev_testbed_get_root_dir(bus->testbed);
    bus->next_address = 1;
    chmod(bus->root, 0755);
    setenv("UMOCKDEV_DIR", bus->root, 1);
    if (libusb_init(&bus->listener) != 0) bus->listener = NULL;
    return bus;
}

void mock_bus_end(mock_bus *bus) {
    if (bus->listener) libusb_exit(bus->listener);
    // A bus that ends late must not take away its successor.
    const char *current = getenv("UMOCKDEV_DIR");
    if (current && strcmp(current, bus->root) == 0) setenv("UMOCKDEV_DIR", idle_folder, 1);
    g_object_unref(bus->testbed);
    g_free(bus->root);
    free(bus);
}

const char *mock_bus_root(const mock_bus *bus) { return bus->root; }
const char *mock_device_path(const mock_device *device) { return device->path; }

// Puts a pipe in the place of the device's file, see mock_set_writable.
static bool make_pipe(mock_device *device) {
    unlink(device->path);
    if (mkfifo(device->path, 0666) != 0) return false;
    device->pipe = open(device->path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (device->pipe < 0) return false;
    fcntl(device->pipe, F_SETPIPE_SZ, 4096);
    device->writable = true;
    mock_set_writable(device, false);
    return true;
}

mock_device *mock_bus_plug(mock_bus *bus, const mock_identity *identity, const mock_callbacks *callbacks) {
    mock_device *device = calloc(1, sizeof *device);
    const int address = bus->next_address;
    bus->next_address = address % 127 + 1;
    device->bus = bus;
    device->callbacks = *callbacks;
    device->speed = identity->speed >= 5000 ? 5 : identity->speed >= 480 ? 3 : 2;
    device->pipe = -1;
    pthread_mutex_init(&device->lock, NULL);
    device->node = g_strdup_printf("/dev/bus/usb/001/%03d", address);
    device->path = g_strconcat(bus->root, device->node, NULL);
    device->folder = g_strdup_printf("/sys/devices/usb1/1-%d", address);
    device->handler = umockdev_ioctl_base_new();
    device->signal = g_signal_connect(device->handler, "handle-ioctl", G_CALLBACK(mock_handle_ioctl), device);
    GError *error = NULL;
    // First the answers, then the file: libusb opens it as soon as it hears of it.
    if (!umockdev_testbed_attach_ioctl(bus->testbed, device->node, device->handler, &error)) goto failed;
    GString *text = g_string_new(NULL);
    g_string_append_printf(text,
        "P: /devices/usb1/1-%d\nN: bus/usb/001/%03d\nE: SUBSYSTEM=usb\nE: DRIVER=usb\nE: BUSNUM=001\nE: DEVNUM=%03d\n"
        "E: DEVNAME=/dev/bus/usb/001/%03d\nE: DEVTYPE=usb_device\nE: MAJOR=189\nE: MINOR=%d\n"
        "A: bConfigurationValue=1\\n\nA: busnum=1\\n\nA: devnum=%d\\n\nA: speed=%d\\n\n"
        "A: idVendor=%04x\\n\nA: idProduct=%04x\\n\nA: dev=189:%d\\n\nH: descriptors=",
        address, address, address, address, address - 1, address, identity->speed, identity->vendor,
        identity->product, address - 1);
    for (size_t i = 0; i < identity->length; i++) g_string_append_printf(text, "%02X", identity->descriptors[i]);
    g_string_append(text, "\n\n");
    const gboolean added = umockdev_testbed_add_from_string(bus->testbed, text->str, &error);
    g_string_free(text, TRUE);
    if (!added) goto failed;
    if (!make_pipe(device)) {
        fprintf(stderr, "no pipe at %s: %s\n", device->path, strerror(errno));
        goto failed;
    }
    return device;
failed:
    if (error) {
        fprintf(stderr, "no emulated USB device: %s\n", error->message);
        g_error_free(error);
    }
    device->gone = true;
    mock_device_free(device);
    return NULL;
}

void mock_device_announce(mock_device *device, bool added) {
    umockdev_testbed_uevent(device->bus->testbed, device->folder, added ? "add" : "remove");
}

void mock_device_unplug(mock_device *device) {
    pthread_mutex_lock(&device->lock);
    const bool was_there = !device->gone;
    device->gone = true;
    mock_end_all(device, -ESHUTDOWN);
    // Wakes the poll of a program that has nothing under way, once.
    mock_set_writable(device, true);
    pthread_mutex_unlock(&device->lock);
    if (!was_there) return;
    umockdev_testbed_remove_device(device->bus->testbed, device->folder);
    unlink(device->path);
}

void mock_act_as_user(unsigned user) { setfsuid(user); }

size_t mock_heap_bytes(void) {
    const struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

static void free_all(mock_urb *urb) {
    while (urb) {
        mock_urb *next = urb->next;
        free(urb->data);
        free(urb);
        urb = next;
    }
}

// umockdev's open() connects to the answers of a device even if the file has just gone, and then forgets the connection.
// Nobody has a freed device open, so that all connections to it that are left in this process are such ones.
static void close_forgotten(const mock_device *device) {
    char *answers = g_strconcat(device->bus->root, "/ioctl", device->node, NULL);
    DIR *folder = opendir("/proc/self/fd");
    for (struct dirent *entry; folder && (entry = readdir(folder));) {
        struct sockaddr_un peer = {0};
        socklen_t length = sizeof peer - 1;
        const int descriptor = atoi(entry->d_name);
        if (getpeername(descriptor, (struct sockaddr *)&peer, &length) != 0 || peer.sun_family != AF_UNIX) continue;
        if (strcmp(peer.sun_path, answers) == 0) close(descriptor);
    }
    if (folder) closedir(folder);
    g_free(answers);
}

void mock_device_free(mock_device *device) {
    if (!device) return;
    mock_device_unplug(device);
    close_forgotten(device);
    umockdev_testbed_detach_ioctl(device->bus->testbed, device->node, NULL);
    g_signal_handler_disconnect(device->handler, device->signal);
    g_object_unref(device->handler);
    if (device->pipe >= 0) close(device->pipe);
    free_all(device->pending);
    free_all(device->done);
    pthread_mutex_destroy(&device->lock);
    g_free(device->node);
    g_free(device->path);
    g_free(device->folder);
    free(device);
}
