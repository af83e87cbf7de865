public import ArgumentParser
import BoardEmulator
import ChipEmulator
public import DeviceServer
import DeviceTransport
import Foundation
import Logging
import Mutants
import StreamDriver
import ZeroMQDriver

/// `volleyd serve`: the process of an emulated chip.
struct ServeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Serve an emulated chip; done where no subcommand is named.",
        discussion: """
            EXAMPLES
              volleyd serve --listen ipc:///tmp/chip.sock
                  a chip for this user of this machine
              volleyd serve --listen tcp://127.0.0.1:7755 --serial 7
                  chip number 7, for every user of this machine
              volleyd serve --listen tcp://127.0.0.1:0 --profile ideal
                  a chip without mismatch and noise, on a port that is picked and printed
              volleyd serve --listen ipc:///tmp/chip.sock --profile mine.yaml
                  a kind of chip of your own; --set noise.membrane_lsb=2 sets a field of it
              volleyd serve --listen ipc:///tmp/chip.sock --mode paced
                  results come at the chip's own rate
              volleyd serve --listen tcp://0.0.0.0:7755 --key chip.key --clients clients.txt
                  a chip for the people of a list, from other machines; the line that is printed
                  holds the daemon's public key, by which clients know it
              volleyd serve --listen usbip://127.0.0.1:3240
                  a board on USB, for a kernel that has the module vhci-hcd:
                  usbip attach -r 127.0.0.1 -b 1-1
              volley train yinyang --device "exec:volleyd serve --listen stdio"
                  a chip whose link is the daemon's standard input and output

            When it is ready, volleyd prints a line on standard output:
              volleyd ready on ADDRESS serial N profile NAME mode MODE
            (on standard error, where standard output is the link). ADDRESS is what `volley train --device` takes; with
            usbip, once the board is attached. The log goes to standard error.
            `volleyd profile` tells more of profiles.

            So that no lease of an earlier start is taken for a new one, volleyd keeps a number in
            $VOLLEY_STATE/lease-tokens, else $XDG_STATE_HOME/volley/lease-tokens, else
            ~/.local/state/volley/lease-tokens.
            """)

    @Option(
        help: ArgumentHelp(
            "Where to listen: ipc:///PATH, tcp://127.0.0.1:PORT (0 picks a port), usbip://127.0.0.1:PORT, or stdio.",
            valueName: "uri"))
    var listen: String

    @Option(
        help: ArgumentHelp(
            "Which chip of its kind: the same serial is the same chip, bit for bit.",
            valueName: "number"))
    var serial: UInt64 = 1

    @Option(
        help: ArgumentHelp(
            "The daemon's secret key, for an encrypted TCP port that may be reached from other machines; the file is made "
                + "if there is none.",
            valueName: "file"))
    var key: String?

    @Option(
        help: ArgumentHelp(
            "Who may use that port: a public key a line, as `volley key` prints it, and a name.",
            valueName: "file"))
    var clients: String?

    @OptionGroup var chip: ProfileOptions

    @Option(
        help: ArgumentHelp(
            "fast: results as soon as computed; paced: no earlier than a chip would give them.",
            valueName: "mode"))
    var mode = DeviceServerOptions.Mode.fast

    @Option(
        help: ArgumentHelp(
            "Threads that emulate; all processors if not given. Results do not depend on it.",
            valueName: "count"))
    var threads: Int?

    @Option(
        help: ArgumentHelp(
            "Least level that is logged: trace, debug, info, notice, warning, error.",
            valueName: "level"),
        transform: Self.level(named:))
    var logLevel = Logger.Level.info

    @Flag(help: "Stop when standard input ends, so that the daemon never outlives who started it.")
    var exitWithParent = false

    @Option(
        help: ArgumentHelp(
            "Break the protocol in one way, for tests of hosts and of the conformance suite; see volleyd mutants.",
            valueName: "id"))
    var mutant: String?

    private static func level(named name: String) throws -> Logger.Level {
        guard let level = Logger.Level(rawValue: name) else {
            throw ValidationError("There is no log level \"\(name)\".")
        }
        return level
    }

    func validate() throws {
        if let threads, !(1...1_024).contains(threads) {
            throw ValidationError("--threads \(threads) is not in 1...1024.")
        }
        if let mutant, Mutant.named(mutant) == nil {
            throw ValidationError("There is no mutant \"\(mutant)\"; volleyd mutants lists them.")
        }
        guard (key == nil) == (clients == nil) else {
            throw ValidationError("--key and --clients belong together.")
        }
        let address: ListenAddress
        do {
            address = try ListenAddress(listen)
        } catch {
            throw ValidationError("\(error.detail) Or usbip://127.0.0.1:PORT, or stdio.")
        }
        if key != nil {
            guard case .zeroMQ(let uri) = address, case .tcp = uri.link else {
                throw ValidationError(
                    "--key and --clients are for tcp:// addresses: who may use \(listen) is settled by this machine.")
            }
        }
    }

    func run() throws {
        let profile = try ProfileSource(name: chip.profile).fileOrExit(settings: chip.settings).profile
        let level = logLevel
        LoggingSystem.bootstrap { label in
            var handler = StreamLogHandler.standardError(label: label)
            handler.logLevel = level
            return handler
        }
        let logger = Logger(label: "volleyd")
        let stop = ServerStop()
        let triggers = StopTriggers(stop, withParent: exitWithParent && listen != ListenAddress.standardStreamsName)
        do {
            let chip = EmulatedChip(profile: profile, serial: serial, threads: threads)
            var options = DeviceServerOptions(mode: mode)
            switch try ListenAddress(listen) {
            case .zeroMQ(let address):
                if let key, let clients {
                    options.frameLimit = ZeroMQLimits.encryptedPayloadBytes
                    let curve = try CurveServer(keyFile: key, clientFile: clients)
                    try serve(chip, on: ZeroMQListener(on: address, curve: curve), options, until: stop, logger)
                } else {
                    try serve(chip, on: LocalListener(on: address), options, until: stop, logger)
                }
            case .usbip(let port): try serveBoard(chip, port: port, until: stop, logger)
            case .standardStreams:
                let listener = try StreamListener(
                    input: STDIN_FILENO, output: STDOUT_FILENO, command: "volleyd serve --listen stdio",
                    onEnd: { stop.request("the host has closed the link") })
                try serve(chip, on: listener, options, until: stop, logger)
            }
        } catch {
            logger.critical("\(error)")
            throw ExitCode(error.code == .cannotBind || error.code == .badKey ? EX_UNAVAILABLE : EX_SOFTWARE)
        }
        withExtendedLifetime(triggers) {}
    }

    /// Serves the chip behind an emulated board's USB function.
    private func serveBoard(
        _ chip: EmulatedChip, port: UInt16, until stop: ServerStop, _ logger: Logger
    ) throws(TransportError) {
        let identity = USBBoardIdentity(serial: serial, bootID: UInt64.random(in: 1 ... .max))
        let board = USBBoardFunction(identity: identity)
        let server = try USBIPServer(serving: board, port: port)
        defer { server.stop() }
        var options = DeviceServerOptions(mode: mode)
        options.bootID = identity.bootID
        options.frameLimit = identity.frameLimit
        logger.notice(
            "attach the board with: usbip --tcp-port \(server.port) attach -r 127.0.0.1 -b \(USBIPServer.busID)")
        try serve(chip, on: USBBoardListener(on: board), options, until: stop, logger)
    }

    /// Serves the chip, as a mutant where that is asked for.
    private func serve(
        _ chip: EmulatedChip, on listener: consuming some Listener & ~Copyable, _ options: DeviceServerOptions,
        until stop: ServerStop, _ logger: Logger
    ) throws(TransportError) {
        if let mutant = mutant.flatMap(Mutant.named) {
            logger.warning("mutant \(mutant.id): \(mutant.summary)")
            try announce(chip, on: MutantListener(listener, mutant: mutant), options, until: stop, logger)
        } else {
            try announce(chip, on: listener, options, until: stop, logger)
        }
    }

    /// Says where the chip is, and serves it until a stop is asked for.
    private func announce(
        _ chip: EmulatedChip, on listener: consuming some Listener & ~Copyable, _ options: DeviceServerOptions,
        until stop: ServerStop, _ logger: Logger
    ) throws(TransportError) {
        let address = listener.address
        let profile = chip.profile.name
        var options = options
        options.tokenFile = DeviceServerOptions.tokenFile(environment: ProcessInfo.processInfo.environment)
        let server = ChipServer(chip, on: listener, options: options, stop: stop, logger: logger)
        let line = "volleyd ready on \(address) serial \(serial) profile \(profile) mode \(mode.rawValue)\n"
        // Where standard output is the link, people are told on standard error.
        let bytes = [UInt8](line.utf8)
        _ = write(listen == ListenAddress.standardStreamsName ? STDERR_FILENO : STDOUT_FILENO, bytes, bytes.count)
        logger.notice("listening on \(address), serial \(serial), profile \(profile)")
        try server.run()
    }
}

extension DeviceServerOptions.Mode: ExpressibleByArgument {}
