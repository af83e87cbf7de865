import DeviceTransport
import Foundation
import Testing
import ZeroMQDriver

/// Who is let in over an encrypted port, and who is not.
@Suite struct CurveTests {
    private let files: CurveFiles

    init() throws { files = try CurveFiles() }

    @Test func aClientThatIsNotOnTheListIsNotLetIn() throws {
        let listener = try ZeroMQListener(on: DeviceURI("tcp://127.0.0.1:0"), curve: files.server())
        let stranger = files.folder.appendingPathComponent("stranger").path
        let error = #expect(throws: TransportError.self) {
            _ = try ZeroMQTransport(connecting: listener.address, patience: .milliseconds(400), keyFile: stranger)
        }
        #expect(error?.code == .cannotConnect)
        #expect(error?.detail.contains("does not let our key in") == true, "\(error?.detail ?? "")")
        listener.close()
    }

    @Test func aServerWithAnotherKeyIsNotTrusted() throws {
        let listener = try ZeroMQListener(on: DeviceURI("tcp://127.0.0.1:0"), curve: files.server())
        var address = listener.address
        let other = try CurveKeyPair(file: files.folder.appendingPathComponent("other").path).publicKey
        if case .tcp(let host, let port, _) = address.link { address.link = .tcp(host: host, port: port, key: other) }
        let wrong = address
        let error = #expect(throws: TransportError.self) {
            _ = try ZeroMQTransport(connecting: wrong, patience: .milliseconds(400), keyFile: files.clientKey)
        }
        #expect(error?.code == .cannotConnect)
        listener.close()
    }

    @Test func aClientWithoutEncryptionIsNotLetIn() throws {
        let listener = try ZeroMQListener(on: DeviceURI("tcp://127.0.0.1:0"), curve: files.server())
        var address = listener.address
        if case .tcp(let host, let port, _) = address.link { address.link = .tcp(host: host, port: port) }
        let plain = address
        let error = #expect(throws: TransportError.self) {
            _ = try ZeroMQTransport(connecting: plain, patience: .milliseconds(400))
        }
        #expect(error?.code == .cannotConnect)
        listener.close()
    }

    @Test func onlyAGuardedPortMayBeReachedFromAfar() throws {
        let error = #expect(throws: TransportError.self) {
            _ = try ZeroMQListener(on: DeviceURI("tcp://0.0.0.0:0"))
        }
        #expect(error?.code == .cannotBind)
        let listener = try ZeroMQListener(on: DeviceURI("tcp://0.0.0.0:0"), curve: files.server())
        #expect(listener.address.description.contains("#"))
        #expect(try DeviceURI(listener.address.description) == listener.address)
        listener.close()
    }

    @Test func keysAreKeptAndOpenOnesRefused() throws {
        let first = try CurveKeyPair(file: files.clientKey).publicKey
        #expect(try CurveKeyPair(file: files.clientKey).publicKey == first)
        let attributes = try FileManager.default.attributesOfItem(atPath: files.clientKey)
        #expect(attributes[.posixPermissions] as? Int == 0o600)
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: files.clientKey)
        let error = #expect(throws: TransportError.self) { _ = try CurveKeyPair(file: files.clientKey) }
        #expect(error?.detail.contains("chmod 600") == true)
    }

    @Test(arguments: [("", "is empty"), ("abc me\n", ":1: \"abc\""), ("# none\n\n", "is empty")])
    func aListOfClientsThatIsNoneIsRefused(text: String, reason: String) throws {
        let list = files.folder.appendingPathComponent("list.txt")
        try text.write(to: list, atomically: true, encoding: .utf8)
        let error = #expect(throws: TransportError.self) {
            _ = try CurveServer(keyFile: files.folder.appendingPathComponent("server").path, clientFile: list.path)
        }
        #expect(error?.code == .badKey)
        #expect(error?.detail.contains(reason) == true, "\(error?.detail ?? "")")
    }
}
