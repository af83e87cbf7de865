import Dispatch
import Glibc
import Synchronization

/// Whether the user asked to stop, by SIGINT or SIGTERM.
///
/// The first signal asks for a checkpoint; a second one ends the process at once. Signals are taken as events on a
/// queue, so that no code runs inside a signal handler.
final class StopRequest: Sendable {
    private let requested = Atomic(false)
    private let sources = Mutex<[any DispatchSourceSignal]>([])

    /// Not asked yet, and not watching.
    init() {}

    /// Whether the user asked to stop.
    var isRequested: Bool { requested.load(ordering: .relaxed) }

    /// Begins to watch for signals, and outlives readers of its output.
    ///
    /// - Parameters:
    ///   - console: where the user is told what happens.
    func watch(telling console: Console) {
        signal(SIGPIPE, SIG_IGN)
        let queue = DispatchQueue(label: "volley.signals")
        for number in [SIGINT, SIGTERM] {
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler { [weak self] in
                guard let self else { return }
                if requested.exchange(true, ordering: .relaxed) { _exit(ExitStatus.interrupted.rawValue) }
                console.line(
                    "\nStopping after this minibatch, with a checkpoint. Once more stops at once.")
            }
            source.resume()
            sources.withLock { $0.append(source) }
        }
    }
}
