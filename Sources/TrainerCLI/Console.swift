import Glibc
import Synchronization

/// One of the two output streams; a reader that has gone is no error.
package struct Console: Sendable {
    /// The stream's number.
    package let descriptor: Int32

    /// Results.
    package static let output = Console(descriptor: STDOUT_FILENO)
    /// Progress, warnings and errors.
    package static let diagnostics = Console(descriptor: STDERR_FILENO)

    /// Writes text as it is.
    package func write(_ text: String) {
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
    package func line(_ text: String = "") {
        write(text + "\n")
    }

    /// How a stream is to be written to.
    package struct Style: Sendable, Hashable {
        /// Whether lines may be overwritten.
        package var isTerminal: Bool
        /// Whether colours may be used.
        package var hasColour: Bool
        /// Columns.
        package var width: Int

        /// A style by its properties.
        package init(isTerminal: Bool, hasColour: Bool, width: Int) {
            self.isTerminal = isTerminal
            self.hasColour = hasColour
            self.width = width
        }

        /// Lines only, as in a file.
        package static let plain = Style(isTerminal: false, hasColour: false, width: 100)
    }

    /// The style of the stream: a terminal's unless `TERM` is `dumb`; colours unless `NO_COLOR` is set and not empty.
    package func style(environment: [String: String]) -> Style {
        guard isatty(descriptor) == 1, environment["TERM"] != "dumb" else { return .plain }
        var size = winsize()
        let known = ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
        let columns = environment["COLUMNS"].flatMap(Int.init) ?? (known ? Int(size.ws_col) : 80)
        return Style(
            isTerminal: true, hasColour: environment["NO_COLOR", default: ""].isEmpty,
            width: max(columns, 20))
    }
}
