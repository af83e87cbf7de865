public import Substrate
public import WireProtocol

/// How a client deals with its device.
public struct RemoteDeviceOptions: Sendable {
    /// The run that batch numbers belong to; a resumed run keeps its own.
    public var runID: RunID
    /// What others are told when they ask who has the chip.
    public var label: String
    /// Name and version of the software, for the device's log and for version errors.
    public var software: (name: String, version: String)
    /// How long the first contact may take.
    public var contactPatience: Duration = .seconds(5)
    /// How long a lost link is tried again before a batch fails.
    public var linkPatience: Duration = .seconds(60)
    /// How long to go on asking while another client has the chip; zero fails at once.
    public var leasePatience: Duration = .zero
    /// How long the chip stays ours when the device hears nothing of us.
    public var leaseTTL: Duration = .seconds(10)
    /// Asked while the link is lost: an error here ends the patience, such as that of a daemon known to be dead.
    public var verdict: @Sendable () -> DeviceError? = { nil }
    /// Told in words when the link is lost and when it is back.
    public var notice: @Sendable (String) -> Void = { _ in }

    /// Options with the usual patience.
    public init(
        runID: RunID, label: String, software: (name: String, version: String) = ("volley", "0.1.0")
    ) {
        self.runID = runID
        self.label = label
        self.software = software
    }
}
