/// The experiments that ship with the product.
public enum Presets {
    /// Names, in the order in which a newcomer meets them.
    public static let names = ["yinyang", "mnist16", "fashion16"]

    /// The text of a preset; nil if there is none of that name.
    public static func yaml(_ name: String) -> String? {
        let bytes: [UInt8]
        switch name {
        case "yinyang": bytes = PackageResources.yinyang_yaml
        case "mnist16": bytes = PackageResources.mnist16_yaml
        case "fashion16": bytes = PackageResources.fashion16_yaml
        default: return nil
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
