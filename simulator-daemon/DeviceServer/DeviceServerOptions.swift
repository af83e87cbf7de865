/// How a device server works.
public struct DeviceServerOptions: Sendable, Hashable {
    /// How wall-clock time relates to chip time.
    public enum Mode: String, Sendable, Hashable, CaseIterable {
        /// Results come as fast as they can be computed.
        case fast
        /// Results come no earlier than the chip would give them.
        case paced
    }

    /// How wall-clock time relates to chip time.
    public var mode: Mode
    /// How long a running job may take to finish after a stop was asked for.
    public var stopLimit: Duration
    /// How long clients get at most, after that, to take and acknowledge what is on its way to them.
    public var farewell: Duration
    /// Most payload bytes of a frame that the device takes; at most 1 MiB, and at least 2 KiB.
    public var frameLimit = 1 << 20
    /// The boot id, where the link has to know it as well; else it is drawn.
    public var bootID: UInt64?
    /// Where tokens of leases are kept over restarts (LSE-003); nil leaves them to the clock.
    public var tokenFile: String?

    /// Fast; five seconds for a running job; two seconds for the last results.
    public init(
        mode: Mode = .fast, stopLimit: Duration = .seconds(5),
        farewell: Duration = .seconds(2)
    ) {
        self.mode = mode
        self.stopLimit = stopLimit
        self.farewell = farewell
    }
}

extension DeviceServerOptions {
    /// The usual file for tokens of leases: `$VOLLEY_STATE/lease-tokens`, else `$XDG_STATE_HOME/volley/lease-tokens`, else
    /// `~/.local/state/volley/lease-tokens`; nil without a home.
    public static func tokenFile(environment: [String: String]) -> String? {
        func value(_ name: String) -> String? {
            environment[name].flatMap { $0.isEmpty ? nil : $0 }
        }
        let folder =
            value("VOLLEY_STATE") ?? value("XDG_STATE_HOME").map { "\($0)/volley" }
            ?? value("HOME").map { "\($0)/.local/state/volley" }
        return folder.map { "\($0)/lease-tokens" }
    }
}
