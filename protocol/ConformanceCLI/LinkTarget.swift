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
