import ArgumentParser
import ChipEmulator

/// The emulated chip's command.
@main struct Volleyd: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "volleyd",
        abstract: "Serve an emulated analog spiking chip over ZeroMQ, USB/IP or standard streams.",
        discussion: """
            EXAMPLES
              volleyd --listen ipc:///tmp/chip.sock
                  a chip for this user of this machine; short for volleyd serve
              volleyd --listen tcp://127.0.0.1:7755 --serial 7 --profile ideal
                  chip number 7 without mismatch and noise, for every user of this machine
              volleyd profile list
                  the kinds of chips that ship with it
              volleyd profile show memristive > mine.yaml
              volleyd --listen ipc:///tmp/chip.sock --profile mine.yaml
                  a kind of chip of your own

            EXIT STATUS
              0   stopped by SIGTERM, SIGINT, or with whoever started it
              64  wrong arguments
              65  wrong chip profile
              69  cannot listen on the address
              70  internal error
              74  a file cannot be read
            """,
        version: DaemonVersion.text,
        subcommands: [ServeCommand.self, ProfileCommand.self, MutantsCommand.self],
        defaultSubcommand: ServeCommand.self)
}

/// The options that choose a kind of chip.
struct ProfileOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "What kind of chip: \(Self.names), or a file (a path with a slash or a dot).",
            valueName: "name|file"))
    var profile = ChipProfile.standard.name

    @Option(
        name: .customLong("set"),
        help: ArgumentHelp("Set a field of the profile; may be repeated.", valueName: "field=value"))
    var settings: [String] = []

    private static let names = ChipProfile.shippedNames.joined(separator: ", ")
}
