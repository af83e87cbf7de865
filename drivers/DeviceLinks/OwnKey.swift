public import DeviceTransport
import ZeroMQDriver

/// The key by which servers on other machines know whoever runs this.
public enum OwnKey {
    /// The public key, as 64 hexadecimal digits. The file of the secret one is made if there is none.
    ///
    /// - Throws: `badKey`, with the file and what is wrong with it.
    public static func publicText() throws(TransportError) -> String {
        try CurveKeyPair(file: CurveKeyPair.ownFile).publicKey.description
    }
}
