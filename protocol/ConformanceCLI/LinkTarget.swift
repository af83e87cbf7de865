import DeviceLinks
import DeviceTransport
import Foundation
import ProtocolConformance

/// A device behind an address.
final class LinkTarget: DeviceTarget {
    private let uri: DeviceURI
    private let patience: Duration
    private let restartCommand: String?
    private let leaveCommand: String?
    private let origin = ContinuousClock.now

    /// A device; the commands are the shell's.
    init(_ uri: DeviceURI, patience: Duration, restart: String?, leave: String?) {
        self.uri = uri
        self.patience = patience
        restartCommand = restart
        leaveCommand = leave
    }

    var name: String { uri.description }

    var now: Duration { origin.duration(to: .now) }

    func sleep(for duration: Duration) { Thread.sleep(forTimeInterval: max(0, duration.inSeconds)) }

    func open() throws(TransportError) -> any DeviceLink {
        TransportLink(try AddressedLink(connecting: uri, patience: patience))
    }

    var sharing: LinkSharing {
        switch uri.link {
        case .tcp, .ipc: .many
        case .usb: .one
        case .exec: .fresh
        }
    }

    var hasFrameLengths: Bool { if case .exec = uri.link { false } else { true } }

    var hasEmptyFrames: Bool {
        switch uri.link {
        case .tcp, .ipc: true
        case .usb, .exec: false
        }
    }

    /// Starts the program with an input that has ended.
    func endsWithItsInput(within limit: Duration) -> Bool? {
        guard case .exec(let command) = uri.link else { return nil }
        setenv("VOLLEY_PROGRAM", command, 1)
        let status = system("timeout \(limit.inSeconds) sh -c \"$VOLLEY_PROGRAM\" </dev/null >/dev/null 2>&1")
        // What `timeout` says where it had to end the program.
        return status >> 8 != 124
    }

    var canRestart: Bool { restartCommand != nil }

    var canLeave: Bool { leaveCommand != nil }

    func restart() -> Bool { run(restartCommand) }

    func leave() -> Bool { run(leaveCommand) }

    /// Runs a command of the shell; whether it ended well.
    ///
    /// Not by Foundation's `Process`: that waits for the daemon, too, which such a command leaves behind.
    private func run(_ command: String?) -> Bool {
        guard let command else { return false }
        return system("(\(command)) 1>&2") == 0
    }
}
