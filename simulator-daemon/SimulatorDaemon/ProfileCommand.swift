import ArgumentParser
import ChipEmulator
import Foundation
import Settings

/// `volleyd profile`.
struct ProfileCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "profile",
        abstract: "Show the kinds of chips, and what a chip profile may say.",
        discussion: """
            EXAMPLES
              volleyd profile list
              volleyd profile show bss2 > mine.yaml
              volleyd profile fields
            """,
        subcommands: [List.self, Show.self, Fields.self])

    /// `volleyd profile list`.
    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the profiles that ship with volleyd.",
            discussion: """
                EXAMPLES
                  volleyd profile list
                  volleyd profile list --json
                """)

        @Flag(help: "Print as JSON.")
        var json = false

        /// A line of the list.
        private struct Entry: Encodable {
            var name: String
            var summary: String
        }

        func run() throws {
            let entries = try ChipProfile.shippedNames.map { name in
                Entry(name: name, summary: try ProfileSource(name: name).fileOrExit().summary)
            }
            if json { return try printJSON(entries) }
            let width = entries.map(\.name.count).max() ?? 0
            for entry in entries {
                print(entry.name + String(repeating: " ", count: width + 2 - entry.name.count) + entry.summary)
            }
        }
    }

    /// `volleyd profile show`.
    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print a profile with every field written out: a file to start from.",
            discussion: """
                EXAMPLES
                  volleyd profile show memristive > mine.yaml
                  volleyd profile show mine.yaml --set mismatch.synapse_percent=40
                """)

        @Argument(help: ArgumentHelp("A shipped profile, or a file.", valueName: "name|file"))
        var profile: String

        @Option(
            name: .customLong("set"),
            help: ArgumentHelp("Set a field; may be repeated.", valueName: "field=value"))
        var settings: [String] = []

        func run() throws {
            print(try ProfileSource(name: profile).fileOrExit(settings: settings).resolved, terminator: "")
        }
    }

    /// `volleyd profile fields`.
    struct Fields: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print every field of a profile: meaning with unit and source, range and default.",
            discussion: """
                A field that neither the file nor one that it extends gives has its default, which is that of an
                ideal chip. SD is the standard deviation.

                EXAMPLES
                  volleyd profile fields
                  volleyd profile fields --json
                """)

        @Flag(help: "Print as JSON.")
        var json = false

        func run() throws {
            let fields = try ProfileSource(name: "ideal").fileOrExit().fields
            if json { return try printJSON(fields) }
            print("extends (a shipped profile, or a file by its path from this one)")
            print("    The profile whose values hold where this file gives none.")
            for field in fields {
                let value = field.path == "name" ? "the file's name" : field.defaultValue
                print("\(field.path) (\(field.accepts); default \(value))")
                print("    \(field.meaning)")
            }
        }
    }
}

/// Prints a value for programs, keys in the style of the product's other JSON.
private func printJSON(_ value: some Encodable) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    encoder.keyEncodingStrategy = .convertToSnakeCase
    print(String(decoding: try encoder.encode(value), as: UTF8.self))
}
