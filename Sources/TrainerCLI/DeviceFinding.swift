import Substrate

/// What `volley devices` found at an address.
struct DeviceFinding: Encodable {
    /// What a chip does.
    enum State: String, Encodable {
        /// Nobody has it.
        case free
        /// Somebody has it, and nothing runs.
        case leased
        /// Batches run or wait.
        case running

        /// The state that a device reports.
        init(_ health: DeviceHealth) {
            self = health.jobsQueued > 0 ? .running : health.holder == nil ? .free : .leased
        }
    }

    /// The address.
    var address: String
    /// Who answers; nil if nobody does.
    var device: DeviceDescription?
    /// The protocol's version on the link.
    var protocolVersion: String?
    /// What the chip does.
    var state: State?
    /// Who has the chip, if anyone.
    var holder: String?
    /// Why nobody answers.
    var problem: String?

    /// The finding in two lines.
    var text: String {
        guard let device else { return "\(address)\n    \(problem ?? "no answer")" }
        var parts = ["\(device.kind.rawValue) \(device.profile) serial \(device.serial)"]
        parts.append(holder.map { "in use by \($0)" } ?? state?.rawValue ?? "state unknown")
        if holder != nil, state == .running { parts.append("running") }
        parts.append("firmware \(device.firmware)")
        if let protocolVersion { parts.append(protocolVersion) }
        return "\(address)\n    " + parts.joined(separator: ", ")
    }
}
