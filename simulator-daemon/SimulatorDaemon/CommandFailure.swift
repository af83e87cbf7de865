/// Why the command ends, and with which exit status.
struct CommandFailure: Error, CustomStringConvertible {
    /// Exit status, after `sysexits.h`.
    enum Status: Int32 {
        /// Wrong arguments.
        case usage = 64
        /// A wrong chip profile.
        case badProfile = 65
        /// A file cannot be read.
        case inputOutput = 74
    }

    /// The exit status.
    var status: Status
    /// What is wrong, where, and what to do.
    var description: String

    /// A failure.
    init(_ status: Status, _ description: String) {
        self.status = status
        self.description = description
    }
}
