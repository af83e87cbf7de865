import Dispatch

/// The thread of a link: what runs on it may wait for the link, and work that comes from another thread ends such a wait.
final class LinkThread: Sendable {
    private let queue: DispatchQueue
    private let visitors = Visitors()
    private static let owner = DispatchSpecificKey<ObjectIdentifier>()

    /// A thread with a name for debuggers.
    init(label: String) {
        queue = DispatchQueue(label: label, qos: .userInitiated)
        queue.setSpecific(key: Self.owner, value: ObjectIdentifier(queue))
    }

    /// Does work after all that was given before.
    func run(_ work: @escaping @Sendable () -> Void) {
        guard DispatchQueue.getSpecific(key: Self.owner) != ObjectIdentifier(queue) else {
            return queue.async(execute: work)
        }
        visitors.announce {
            queue.async {
                self.visitors.admit()
                work()
            }
        }
    }

    /// Sets what ends a wait; nil where nothing does.
    func wake(by wake: (@Sendable () -> Void)?) { visitors.wake(by: wake) }

    /// Waits for the link: `body` gets the limit, or zero where work has come meanwhile.
    func wait<Result, Failure>(
        within limit: Duration, _ body: (Duration) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let isAlone = visitors.beginWait()
        defer { visitors.endWait() }
        return try body(isAlone ? limit : .zero)
    }
}
