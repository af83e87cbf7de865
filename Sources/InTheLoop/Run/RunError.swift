public import Substrate

/// What is wrong with a run folder, a checkpoint, or a run.
public struct RunError: RemediedError, Hashable {
    /// The kinds of trouble.
    public enum Code: String, Sendable, Hashable {
        /// A folder or file cannot be read or written.
        case io
        /// A file is damaged.
        case corrupt
        /// The chip has moved away from its calibration.
        case stale
        /// A checkpoint belongs to something else.
        case mismatch
        /// The folder is not empty, or is no run folder.
        case occupied
        /// The device lost more than policy allows.
        case losses
    }

    /// The kind of trouble.
    public var code: Code
    /// Which file, what was expected and found.
    public var detail: String
    /// What the user can do about it, if there is something.
    public var remedy: String?

    /// Trouble, with its place and its remedy.
    public init(_ code: Code, _ detail: String, remedy: String? = nil) {
        self.code = code
        self.detail = detail
        self.remedy = remedy
    }
}
