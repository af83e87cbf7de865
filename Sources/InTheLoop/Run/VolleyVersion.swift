/// The version of this software, apart from the protocol's.
public enum VolleyVersion {
    /// Semantic version.
    public static let current = "0.1.0"
}
