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
        // A blocking read, because a poll cannot wait for files and /dev/null.
        if withParent {
            DispatchQueue(label: "volleyd.parent").async {
                var byte: UInt8 = 0
                var count = 0
                repeat { count = read(STDIN_FILENO, &byte, 1) } while count > 0 || (count < 0 && errno == EINTR)
                stop.request("whoever started it has gone")
            }
        }
        for source in sources { source.resume() }
        self.sources = sources
    }
}
