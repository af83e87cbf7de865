package import DeviceTransport

/// What stands between a host and a right device and makes another device of it: it changes, drops, repeats or answers frames.
package protocol FrameRelay {
    /// What becomes of a frame from a host: what goes on to the device, and what goes back.
    mutating func receive(_ bytes: [UInt8], from peer: LinkPeer) -> (toDevice: [[UInt8]], toHost: [[UInt8]])
    /// What becomes of a frame of the device.
    mutating func send(_ bytes: [UInt8], to peer: LinkPeer) -> [[UInt8]]
}

/// Changes nothing: the device as it is.
package struct HonestRelay: FrameRelay {
    /// A relay.
    package init() {}

    package func receive(_ bytes: [UInt8], from peer: LinkPeer) -> (toDevice: [[UInt8]], toHost: [[UInt8]]) {
        ([bytes], [])
    }

    package func send(_ bytes: [UInt8], to peer: LinkPeer) -> [[UInt8]] { [bytes] }
}
