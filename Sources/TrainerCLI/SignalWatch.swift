import Dispatch
import Glibc

/// Turns SIGINT and SIGTERM into a request to stop, for as long as it lives.
///
/// The first signal asks for a checkpoint; a second one ends the process at once. Signals are taken as events on a
/// queue, so that no code runs inside a signal handler.
struct SignalWatch {
    private let sources: [any DispatchSourceSignal]

    /// Begins to watch.
    ///
    /// - Parameters:
    ///   - stop: what is asked.
    ///   - console: where the user is told what happens.
    init(_ stop: StopRequest, telling console: Console) {
        let queue = DispatchQueue(label: "volley.signals")
        sources = [SIGINT, SIGTERM].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler {
                if stop.request() { _exit(ExitStatus.interrupted.rawValue) }
                console.line(
                    "\nStopping after this minibatch, with a checkpoint. Once more stops at once.")
            }
            source.resume()
            return source
        }
    }

    /// Stops watching.
    func end() {
        for source in sources { source.cancel() }
    }
}
