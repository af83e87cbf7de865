import DeviceServer
import Dispatch
import Glibc

/// What makes the daemon stop: signals, and the end of standard input.
///
/// Signals are taken as events on a queue, so that no code runs inside a signal handler.
struct StopTriggers {
    private let sources: [any DispatchSourceProtocol]

    /// Begins to watch.
    init(_ stop: ServerStop, withParent: Bool) {
        let queue = DispatchQueue(label: "volleyd.stop")
        var sources: [any DispatchSourceProtocol] = []
        for (number, name) in [(SIGTERM, "SIGTERM"), (SIGINT, "SIGINT")] {
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler { stop.request("stopped by \(name)") }
            sources.append(source)
        }
        // A client or log reader that has gone is an error of a write, not the end of the daemon.
        signal(SIGPIPE, SIG_IGN)
        if withParent {
            let source = DispatchSource.makeReadSource(fileDescriptor: STDIN_FILENO, queue: queue)
            source.setEventHandler {
                var byte: UInt8 = 0
                if read(STDIN_FILENO, &byte, 1) <= 0 { stop.request("whoever started it has gone") }
            }
            sources.append(source)
        }
        for source in sources { source.resume() }
        self.sources = sources
    }
}
