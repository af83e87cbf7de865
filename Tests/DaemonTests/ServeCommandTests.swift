import Foundation
import Testing

/// `volleyd` as it is started by hand and with mistakes.
@Suite struct ServeCommandTests {
    /// Runs the daemon until it gives up.
    private func refusal(_ arguments: [String]) throws -> (status: Int32, errors: String) {
        let process = Process()
        let errors = Pipe()
        process.executableURL = URL(fileURLWithPath: try TestDaemon.program())
        process.arguments = arguments
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = errors
        try process.run()
        let text = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return (process.terminationStatus, text)
    }

    @Test(arguments: [
        (["--threads", "0"], "--threads 0 is not in 1...1024."),
        (["--mutant", "nonsense"], "There is no mutant \"nonsense\"; volleyd mutants lists them."),
        (["--log-level", "loud"], "There is no log level \"loud\"."),
        (["--key", "mine"], "--key and --clients belong together."),
        (["--key", "k", "--clients", "c"], "--key and --clients are for tcp://"),
    ])
    func aWrongOptionGives64AndSaysWhatIsRight(options: [String], says: String) throws {
        let (status, errors) = try refusal(["--listen", "ipc:///tmp/x.sock"] + options)
        #expect(status == 64)
        #expect(errors.contains(says), "\(errors)")
    }

    @Test func anAddressOfAnotherKindGives64AndNamesThoseThatAre() throws {
        let (status, errors) = try refusal(["--listen", "http://x"])
        #expect(status == 64)
        #expect(errors.contains("Or usbip://127.0.0.1:PORT, or stdio."), "\(errors)")
    }

    @Test func anAddressThatIsTakenGives69AndNamesIt() throws {
        let address = TestDaemon.freshAddress()
        let daemon = try TestDaemon(on: address)
        let (status, errors) = try refusal(["--listen", address])
        #expect(status == 69)
        #expect(errors.contains(address.dropFirst("ipc://".count)), "\(errors)")
        // Whoever was there first is none the worse.
        #expect(daemon.stop() == .exited(0))
    }

    @Test func aKeyThatCannotBeReadGives69AndNamesTheFile() throws {
        let (status, errors) = try refusal([
            "--listen", "tcp://127.0.0.1:0", "--key", "/no/such/key", "--clients", "/no/such/clients",
        ])
        #expect(status == 69)
        #expect(errors.contains("/no/such/"), "\(errors)")
    }
}
