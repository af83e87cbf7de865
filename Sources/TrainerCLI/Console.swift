import Glibc
import Synchronization

/// One of the two output streams; a reader that has gone is no error.
package struct Console: Sendable {
    /// The stream's number.
    let descriptor: Int32

    /// Results.
    static let output = Console(descriptor: STDOUT_FILENO)
    /// Progress, warnings and errors.
    static let diagnostics = Console(descriptor: STDERR_FILENO)

    /// Writes text as it is.
    func write(_ text: String) {
        var rest = Array(text.utf8)
        while !rest.isEmpty {
            let count = Glibc.write(descriptor, rest, rest.count)
            if count < 0 && errno == EINTR { continue }
            // A closed pipe (`volley ... | head`) or a full disk: the work goes on without its report.
            guard count > 0 else { return }
            rest.removeFirst(count)
        }
    }

    /// Writes a line.
    func line(_ text: String = "") {
        write(text + "\n")
    }

    /// How a stream is to be written to.
    struct Style: Sendable, Hashable {
        /// Whether lines may be overwritten.
        var isTerminal: Bool
        /// Whether colours may be used.
        var hasColour: Bool
        /// Columns.
        var width: Int

        /// Lines only, as in a file.
        static let plain = Style(isTerminal: false, hasColour: false, width: 100)
    }

    /// The style of the stream: a terminal's unless `TERM` is `dumb`; colours unless `NO_COLOR` is set and not empty.
    func style(environment: [String: String]) -> Style {
        guard isatty(descriptor) == 1, environment["TERM"] != "dumb" else { return .plain }
        var size = winsize()
        let known = ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
        let columns = environment["COLUMNS"].flatMap(Int.init) ?? (known ? Int(size.ws_col) : 80)
        return Style(
            isTerminal: true, hasColour: environment["NO_COLOR", default: ""].isEmpty,
            width: max(columns, 20))
    }
}
