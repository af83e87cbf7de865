/// The version that the daemon prints.
enum DaemonVersion {
    /// Version by semver.org.
    static let text = "0.1.0"
}
