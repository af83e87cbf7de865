import Testing

/// Tests through the real daemon; one at a time, because some measure time and one keeps every pool thread busy.
@Suite(.serialized) enum DaemonTests {}
