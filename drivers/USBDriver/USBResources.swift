import Synchronization

/// What the driver holds of the system in this process, over all boards: for tests, and for reports of leaks.
public struct USBResources: Sendable, Hashable, CustomStringConvertible {
    /// libusb contexts that are alive, each with an event thread.
    public var contexts: Int
    /// Boards that are open.
    public var handles: Int
    /// Transfers that have memory, under way or not.
    public var transfers: Int
    /// Contexts that were given up, because they did not end within `USBLimits.teardown`.
    public var abandonedContexts: Int
    /// Transfers that were given up with them.
    public var abandonedTransfers: Int

    /// What is held now.
    public static var current: USBResources {
        USBResources(
            contexts: Count.contexts.load(ordering: .relaxed),
            handles: Count.handles.load(ordering: .relaxed),
            transfers: Count.transfers.load(ordering: .relaxed),
            abandonedContexts: Count.abandonedContexts.load(ordering: .relaxed),
            abandonedTransfers: Count.abandonedTransfers.load(ordering: .relaxed))
    }

    /// All counts in a line.
    public var description: String {
        """
        \(contexts) contexts, \(handles) handles, \(transfers) transfers; \
        given up: \(abandonedContexts) contexts, \(abandonedTransfers) transfers
        """
    }

    /// The counters behind the values.
    enum Count {
        static let contexts = Atomic<Int>(0)
        static let handles = Atomic<Int>(0)
        static let transfers = Atomic<Int>(0)
        static let abandonedContexts = Atomic<Int>(0)
        static let abandonedTransfers = Atomic<Int>(0)
    }
}
