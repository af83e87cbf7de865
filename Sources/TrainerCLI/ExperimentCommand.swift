import ArgumentParser
import InTheLoop

/// `volley experiment`.
struct ExperimentCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "experiment",
        abstract: "Show the presets and what an experiment file may say.",
        subcommands: [List.self, Show.self, Fields.self])

    /// `volley experiment list`.
    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List the presets.")

        func run() throws {
            for name in Presets.names {
                let summary = try ExperimentSource(name: name).experiment().summary
                Console.output.line("\(TextFormat.left(name, 12))\(summary)")
            }
        }
    }

    /// `volley experiment show`.
    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print an experiment with every field written out: a file to start from.",
            discussion: """
                EXAMPLES
                  volley experiment show yinyang > my.yaml
                  volley experiment show my.yaml --set training.epochs=5
                """)

        @Argument(help: ArgumentHelp("A preset, or an experiment file.", valueName: "experiment"))
        var experiment: String

        @Option(
            name: .customLong("set"), help: ArgumentHelp("Set a field.", valueName: "field=value"))
        var settings: [String] = []

        func run() throws {
            let experiment = try ExperimentSource(name: experiment).experiment(settings: settings)
            Console.output.write(experiment.resolved)
        }
    }

    /// `volley experiment fields`.
    struct Fields: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print every field of an experiment file: meaning, range and default.")

        func run() throws {
            for field in try Experiment(yaml: "{}", source: "defaults").fields {
                Console.output.line("\(field.path) (\(field.accepts); default \(field.defaultValue))")
                Console.output.line("    \(field.meaning)")
            }
        }
    }
}
