import Testing

/// The USB driver on Debian's libusb over an emulated bus; one at a time, because a process has one such bus.
@Suite(.serialized) enum USBDriverTests {}
