public import Substrate

/// What can be wrong with a data set: where it lies, what it holds, how it is fetched.
public struct DataError: RemediedError, Hashable {
    /// The kinds of failure.
    public enum Code: String, Sendable, Hashable {
        /// No data set has this name.
        case unknownName
        /// A file is not where it was looked for.
        case missing
        /// A file cannot be read or written.
        case unreadable
        /// A file is not of the format it should have, or is cut off.
        case malformed
        /// A file's checksum is not the published one.
        case checksum
        /// A server cannot be reached, or did not answer well.
        case network
        /// The disk is full.
        case diskFull
    }

    /// The kind of failure.
    public var code: Code
    /// The file, and what was expected and found.
    public var detail: String
    /// What the user can do about it, if there is something.
    public var remedy: String?

    /// A failure with its place and its remedy.
    public init(_ code: Code, _ detail: String, remedy: String? = nil) {
        self.code = code
        self.detail = detail
        self.remedy = remedy
    }
}
