"""A toy device: the device's side of the protocol around a small integer chip."""
