import Testing

/// `volleyd` as it is started by hand and with mistakes.
@Suite struct ServeCommandTests {
    @Test(arguments: [
        (["--threads", "0"], "--threads 0 is not in 1...1024."),
        (["--mutant", "nonsense"], "There is no mutant \"nonsense\"; volleyd mutants lists them."),
        (["--log-level", "loud"], "There is no log level \"loud\"."),
        (["--key", "mine"], "--key and --clients belong together."),
    ])
    func aWrongOptionGives64AndSaysWhatIsRight(options: [String], says: String) throws {
        let (status, _, errors) = try TestDaemon.run(["--listen", "ipc:///tmp/x.sock"] + options)
        #expect(status == 64)
        #expect(errors.contains(says), "\(errors)")
    }

    @Test func anAddressOfAnotherKindGives64AndNamesThoseThatAre() throws {
        let (status, _, errors) = try TestDaemon.run(["--listen", "http://x"])
        #expect(status == 64)
        #expect(errors.contains("Or usbip://127.0.0.1:PORT, or stdio."), "\(errors)")
    }

    @Test func anAddressThatIsTakenGives69AndNamesIt() throws {
        let address = TestDaemon.freshAddress()
        let daemon = try TestDaemon(on: address)
        let (status, _, errors) = try TestDaemon.run(["--listen", address])
        #expect(status == 69)
        #expect(errors.contains(address.dropFirst("ipc://".count)), "\(errors)")
        // Whoever was there first is none the worse.
        #expect(daemon.stop() == .exited(0))
    }

    @Test func aKeyThatCannotBeReadGives69AndNamesTheFile() throws {
        let (status, _, errors) = try TestDaemon.run([
            "--listen", "tcp://127.0.0.1:0", "--key", "/no/such/key", "--clients", "/no/such/clients",
        ])
        #expect(status == 69)
        #expect(errors.contains("/no/such/"), "\(errors)")
    }
}
