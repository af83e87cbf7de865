import Dispatch
import Glibc

/// Watches for SIGINT and SIGTERM, for as long as it lives.
///
/// Signals are taken as events on a queue, so that no code runs inside a signal handler.
struct SignalWatch {
    private let sources: [any DispatchSourceSignal]

    /// Begins to watch.
    ///
    /// - Parameters:
    ///   - action: done at every signal, on a queue of its own.
    init(_ action: @escaping @Sendable () -> Void) {
        let queue = DispatchQueue(label: "volley.signals")
        sources = [SIGINT, SIGTERM].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler(handler: action)
            source.resume()
            return source
        }
    }

    /// Asks a run to stop at the first signal; a second one ends the process at once.
    static func asking(_ stop: StopRequest, telling console: Console) -> SignalWatch {
        SignalWatch {
            if stop.request() { _exit(ExitStatus.interrupted.rawValue) }
            console.line("\nStopping after this minibatch, with a checkpoint. Once more stops at once.")
        }
    }

    /// Ends the process at the first signal, and the bundled daemon before it.
    static func abandoning(_ opened: OpenedDevice) -> SignalWatch {
        SignalWatch {
            opened.stopDaemon()
            _exit(ExitStatus.interrupted.rawValue)
        }
    }

    /// Stops watching.
    func end() {
        for source in sources { source.cancel() }
    }
}
