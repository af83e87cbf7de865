/// What the command itself finds wrong, with the exit code that says so.
package struct CommandError: Error, CustomStringConvertible {
    /// The exit code.
    package var status: ExitStatus
    /// What is wrong, where, and what to do.
    package var description: String

    /// Something wrong, in words.
    package init(_ status: ExitStatus, _ description: String) {
        self.status = status
        self.description = description
    }
}
