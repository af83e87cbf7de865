import ArgumentParser
import Foundation
import InTheLoop

/// The `volley` command.
@main struct Volley: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "volley",
        abstract: "Train spiking networks on analog chips, in the loop.",
        discussion: """
            The forward pass runs on the chip, the surrogate-gradient backward pass on
            this machine. Without a chip, volley starts an emulated one by itself.

            EXAMPLES
              volley train yinyang
                  a first run: a small task on the emulated chip, in about a minute
              volley train mnist16 --data DIR --serial 7
                  the reference network, on emulated chip number 7
              volley evaluate runs/NAME --serial 8
                  the trained weights on another chip
              volley wafer yinyang --serials 1...20
                  the first run on twenty chips, and how much they differ
              volley train yinyang --device zmq+tcp://127.0.0.1:7755
                  on the chip behind an address

            EXIT STATUS
            \(ExitStatus.table)
            """,
        version: VolleyVersion.current,
        subcommands: [
            TrainCommand.self, EvaluateCommand.self, WaferCommand.self, ExperimentCommand.self, DataCommand.self,
            DevicesCommand.self, ChipCommand.self, CalibrateCommand.self, FitCommand.self, GradientCommand.self,
            PlotCommand.self, KeyCommand.self,
        ])

    /// Runs the command that the arguments name, and turns what it throws into words and an exit code.
    static func main() async {
        // A reader of our output that goes away (`volley ... | head`) is no reason to end.
        signal(SIGPIPE, SIG_IGN)
        do {
            var command = try parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch {
            fail(error)
        }
    }

    /// Says what is wrong and ends the process.
    private static func fail(_ error: any Error) -> Never {
        if let status = ExitStatus(of: error) {
            Console.diagnostics.line("volley: \(error)")
            Foundation.exit(status.rawValue)
        }
        let code = exitCode(for: error)
        guard code.rawValue != ExitCode.failure.rawValue else {
            Console.diagnostics.line("volley: internal error: \(error)")
            Foundation.exit(ExitStatus.fault.rawValue)
        }
        exit(withError: error)
    }
}
