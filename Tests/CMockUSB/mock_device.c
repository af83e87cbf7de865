// The requests of a usbfs file (linux/usbdevice_fs.h), as the kernel answers them.
#include "mock_private.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/usbdevice_fs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

// poll() on the file says "writable" when a transfer can be fetched. The file is a pipe of one page that the device keeps
// full; with an ordinary file, which is always writable, libusb would spin.
void mock_set_writable(mock_device *device, bool writable) {
    static const uint8_t filler[4096];
    uint8_t sink[4096];
    if (device->pipe < 0 || device->writable == writable) return;
    if (writable) {
        while (read(device->pipe, sink, sizeof sink) > 0) {}
    } else {
        while (write(device->pipe, filler, sizeof filler) > 0) {}
    }
    device->writable = writable;
}

static void append(mock_urb **list, mock_urb *urb) {
    while (*list) list = &(*list)->next;
    urb->next = NULL;
    *list = urb;
}

static mock_urb *take_by_number(mock_urb **list, uint64_t number) {
    for (; *list; list = &(*list)->next) {
        if ((*list)->number != number) continue;
        mock_urb *urb = *list;
        *list = urb->next;
        return urb;
    }
    return NULL;
}

void mock_device_complete(mock_device *device, uint64_t number, int status, const uint8_t *data, size_t length) {
    pthread_mutex_lock(&device->lock);
    mock_urb *urb = take_by_number(&device->pending, number);
    if (urb) {
        urb->status = status;
        if (urb->is_in && data) {
            urb->actual = length < urb->room ? length : urb->room;
            urb->data = malloc(urb->actual ? urb->actual : 1);
            memcpy(urb->data, data, urb->actual);
        } else {
            urb->actual = urb->is_in ? 0 : length;
        }
        append(&device->done, urb);
        mock_set_writable(device, true);
    }
    pthread_mutex_unlock(&device->lock);
}

void mock_end_all(mock_device *device, int status) {
    while (device->pending) {
        mock_urb *urb = device->pending;
        device->pending = urb->next;
        urb->status = status;
        urb->actual = 0;
        append(&device->done, urb);
    }
    if (device->done) mock_set_writable(device, true);
}

// A new transfer: copies what goes to the device, then tells it.
static int submit(mock_device *device, UMockdevIoctlData *argument) {
    UMockdevIoctlData *held = umockdev_ioctl_data_resolve(argument, 0, sizeof(struct usbdevfs_urb), NULL);
    if (!held) return EFAULT;
    struct usbdevfs_urb asked = *(struct usbdevfs_urb *)held->data;
    const bool is_control = asked.type == USBDEVFS_URB_TYPE_CONTROL;
    mock_urb *urb = calloc(1, sizeof *urb);
    urb->address = held->client_addr;
    urb->is_control = is_control;
    urb->is_in = asked.endpoint & 0x80;
    urb->room = (size_t)asked.buffer_length;
    size_t length = (size_t)asked.buffer_length;
    uint8_t *bytes = NULL;
    if (length && (is_control || !urb->is_in)) {
        UMockdevIoctlData *buffer =
            umockdev_ioctl_data_resolve(held, offsetof(struct usbdevfs_urb, buffer), length, NULL);
        if (buffer) {
            bytes = malloc(length);
            memcpy(bytes, buffer->data, length);
            g_object_unref(buffer);
        }
    }
    g_object_unref(held);
    if ((is_control && (!bytes || length < 8)) || (length && !is_control && !urb->is_in && !bytes)) {
        free(bytes);
        free(urb);
        return EFAULT;
    }
    if (is_control) {
        urb->is_in = bytes[0] & 0x80;
        urb->room = length - 8;
    }
    pthread_mutex_lock(&device->lock);
    int refused = device->gone ? ENODEV : is_control ? 0 : device->bulk_error;
    const uint64_t number = urb->number = ++device->count;
    if (!refused) append(&device->pending, urb);
    const bool is_in = urb->is_in;
    pthread_mutex_unlock(&device->lock);
    if (refused) {
        free(urb);
    } else if (is_control) {
        device->callbacks.control(device->callbacks.context, device, number, bytes, bytes + 8, is_in ? 0 : length - 8);
    } else if (is_in) {
        device->callbacks.bulk_in(device->callbacks.context, device, number, length);
    } else {
        const bool zero_packet = asked.flags & USBDEVFS_URB_ZERO_PACKET;
        device->callbacks.bulk_out(device->callbacks.context, device, number, bytes, length, zero_packet);
    }
    free(bytes);
    return refused;
}

// Fetches a transfer that is over: only then does its memory travel, and only as much as came.
static int reap(mock_device *device, UMockdevIoctlData *argument) {
    pthread_mutex_lock(&device->lock);
    mock_urb *urb = device->done;
    if (urb) device->done = urb->next;
    if (!device->done) mock_set_writable(device, false);
    const bool gone = device->gone;
    pthread_mutex_unlock(&device->lock);
    if (!urb) return gone ? ENODEV : EAGAIN;
    UMockdevIoctlData *pointer = umockdev_ioctl_data_resolve(argument, 0, sizeof(void *), NULL);
    *(unsigned long *)pointer->data = urb->address;
    UMockdevIoctlData *held = umockdev_ioctl_data_resolve(pointer, 0, sizeof(struct usbdevfs_urb), NULL);
    struct usbdevfs_urb *answer = (struct usbdevfs_urb *)held->data;
    answer->status = urb->status;
    answer->actual_length = (int)urb->actual;
    if (urb->is_in && urb->actual) {
        const size_t before = urb->is_control ? 8 : 0;
        UMockdevIoctlData *buffer = umockdev_ioctl_data_resolve(
            held, offsetof(struct usbdevfs_urb, buffer), before + urb->actual, NULL);
        memcpy(buffer->data + before, urb->data, urb->actual);
        g_object_unref(buffer);
    }
    g_object_unref(held);
    g_object_unref(pointer);
    free(urb->data);
    free(urb);
    return 0;
}

static int discard(mock_device *device, UMockdevIoctlData *argument) {
    const unsigned long address = *(unsigned long *)argument->data;
    uint64_t number = 0;
    pthread_mutex_lock(&device->lock);
    for (mock_urb *urb = device->pending; urb; urb = urb->next) {
        if (urb->address == address) number = urb->number;
    }
    const bool ignore = device->ignore_cancel;
    pthread_mutex_unlock(&device->lock);
    if (!number) return EINVAL;
    if (!ignore) device->callbacks.cancel(device->callbacks.context, device, number);
    return 0;
}

// A request that the kernel makes on the program's behalf.
static int request(mock_device *device, uint8_t type, uint8_t number, uint16_t value, uint16_t index) {
    const uint8_t setup[8] = {type, number, value & 0xFF, value >> 8, index & 0xFF, index >> 8, 0, 0};
    return -device->callbacks.request(device->callbacks.context, setup);
}

static unsigned int word(UMockdevIoctlData *argument, size_t index) {
    UMockdevIoctlData *held = umockdev_ioctl_data_resolve(argument, 0, (index + 1) * sizeof(unsigned int), NULL);
    if (!held) return 0;
    const unsigned int value = ((unsigned int *)held->data)[index];
    g_object_unref(held);
    return value;
}

gboolean mock_handle_ioctl(UMockdevIoctlBase *base, UMockdevIoctlClient *client, mock_device *device) {
    (void)base;
    UMockdevIoctlData *argument = umockdev_ioctl_client_get_arg(client);
    const unsigned long number = umockdev_ioctl_client_get_request(client);
    pthread_mutex_lock(&device->lock);
    device->requests += 1;
    const bool gone = device->gone;
    const int claim_error = device->claim_error;
    pthread_mutex_unlock(&device->lock);
    long result = 0;
    int error = 0;
    if (gone && number != USBDEVFS_REAPURBNDELAY && number != USBDEVFS_REAPURB && number != USBDEVFS_DISCARDURB) {
        umockdev_ioctl_client_complete(client, -1, ENODEV);
        return TRUE;
    }
    switch (number) {
    case USBDEVFS_GET_CAPABILITIES: {
        UMockdevIoctlData *held = umockdev_ioctl_data_resolve(argument, 0, sizeof(uint32_t), NULL);
        *(uint32_t *)held->data = USBDEVFS_CAP_ZERO_PACKET | USBDEVFS_CAP_NO_PACKET_SIZE_LIM
            | USBDEVFS_CAP_BULK_SCATTER_GATHER | USBDEVFS_CAP_REAP_AFTER_DISCONNECT;
        g_object_unref(held);
        break;
    }
    case USBDEVFS_GET_SPEED: result = device->speed; break;
    case USBDEVFS_CLAIMINTERFACE: error = claim_error; break;
    case USBDEVFS_RELEASEINTERFACE: break;
    case USBDEVFS_SETCONFIGURATION: error = request(device, 0x00, 9, (uint16_t)word(argument, 0), 0); break;
    case USBDEVFS_SETINTERFACE:
        error = request(device, 0x01, 11, (uint16_t)word(argument, 1), (uint16_t)word(argument, 0));
        break;
    case USBDEVFS_CLEAR_HALT: error = request(device, 0x02, 1, 0, (uint16_t)word(argument, 0)); break;
    case USBDEVFS_RESET: error = request(device, 0x00, 9, 1, 0); break;
    case USBDEVFS_GETDRIVER: error = ENODATA; break;
    case USBDEVFS_SUBMITURB: error = submit(device, argument); break;
    case USBDEVFS_REAPURB:
    case USBDEVFS_REAPURBNDELAY: error = reap(device, argument); break;
    case USBDEVFS_DISCARDURB: error = discard(device, argument); break;
    default: return FALSE;
    }
    umockdev_ioctl_client_complete(client, error ? -1 : result, error);
    return TRUE;
}

void mock_device_refuse_claim(mock_device *device, int error) {
    pthread_mutex_lock(&device->lock);
    device->claim_error = error;
    pthread_mutex_unlock(&device->lock);
}

void mock_device_refuse_bulk(mock_device *device, int error) {
    pthread_mutex_lock(&device->lock);
    device->bulk_error = error;
    pthread_mutex_unlock(&device->lock);
}

void mock_device_ignore_cancel(mock_device *device, bool ignore) {
    pthread_mutex_lock(&device->lock);
    device->ignore_cancel = ignore;
    pthread_mutex_unlock(&device->lock);
}

uint64_t mock_device_requests(mock_device *device) {
    pthread_mutex_lock(&device->lock);
    const uint64_t requests = device->requests;
    pthread_mutex_unlock(&device->lock);
    return requests;
}
