import ArgumentParser
import Foundation
import InTheLoop
import SpikeData
import Synchronization

/// `volley data`.
struct DataCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "data",
        abstract: "List, fetch and check data sets.",
        subcommands: [List.self, Fetch.self, Check.self])

    /// Where data is, for the three of them.
    struct Place: ParsableArguments {
        @Option(
            help: ArgumentHelp(
                "Folder that holds the data sets (default: $VOLLEY_DATA, then the cache).",
                valueName: "folder"))
        var data: String?

        /// The folders to look in.
        var library: DataLibrary {
            DataLibrary(folder: data, environment: ProcessInfo.processInfo.environment)
        }
    }

    /// A data set as `--json` prints it.
    struct Listing: Encodable {
        /// A file of it.
        struct File: Encodable {
            /// Its name.
            var name: String
            /// Where it is; nil if it is missing.
            var path: String?
        }

        /// The name in experiments.
        var name: String
        /// What it is.
        var summary: String
        /// Its licence.
        var licence: String
        /// Its files.
        var files: [File]

        /// Whether it can be used.
        var isComplete: Bool { files.allSatisfy { $0.path != nil } }

        /// A data set, as found in a library.
        init(_ entry: DataCatalog.Entry, in library: DataLibrary) {
            name = entry.name
            summary = entry.summary
            licence = entry.licence
            files = entry.files.map { File(name: $0.name, path: library.path(of: $0, in: entry)) }
        }

        /// What is there of it, in words.
        var state: String {
            if files.isEmpty { return "generated" }
            let found = files.count { $0.path != nil }
            return found == files.count ? "there" : "\(found) of \(files.count) files there"
        }
    }
}

extension DataCommand {
    /// `volley data list`.
    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the data sets and whether they are there.")

        @OptionGroup var place: Place

        @Flag(help: "Print as JSON.")
        var json = false

        func run() throws {
            let library = place.library
            let listings = DataCatalog.entries.map { Listing($0, in: library) }
            guard !json else {
                Console.output.line(String(decoding: RunFolder.json(listings), as: UTF8.self))
                return
            }
            for listing in listings {
                Console.output.line(
                    "\(TextFormat.left(listing.name, 15))\(TextFormat.left(listing.state, 22))\(listing.summary)")
                if !listing.isComplete {
                    Console.output.line(
                        "\(TextFormat.left("", 15))get it with: volley data fetch \(listing.name)")
                }
            }
            Console.output.line("Looked in: \(library.folders.joined(separator: ", "))")
        }
    }

    /// `volley data fetch`.
    struct Fetch: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Fetch a data set; a stopped fetch is continued, and every file is checked.",
            discussion: """
                EXAMPLES
                  volley data fetch mnist
                  volley data fetch fashion-mnist --data DIR --mirror https://HOST/FOLDER
                """)

        @Argument(help: ArgumentHelp("The data set.", valueName: "name"))
        var name: String

        @OptionGroup var place: Place

        @Option(
            help: ArgumentHelp(
                "An address that holds the files, instead of the usual ones.", valueName: "address"))
        var mirror: [String] = []

        func run() async throws {
            let entry = try DataCatalog.entry(name)
            guard !entry.files.isEmpty else {
                Console.output.line("\(name) is generated; there is nothing to fetch.")
                return
            }
            guard let folder = place.library.folders.first else {
                throw CommandError(.usage, "There is no home folder; name a folder with --data.")
            }
            let display = FetchDisplay(
                Console.diagnostics.style(environment: ProcessInfo.processInfo.environment))
            let fetch = DataFetch(folder: folder, mirrors: mirror.isEmpty ? nil : mirror)
            defer { display.end() }
            let paths = try await fetch.fetch(entry) { display.show($0) }
            display.end()
            Console.output.line("\(name): \(entry.licence). All checksums are right:")
            for path in paths { Console.output.line("  \(path)") }
        }
    }

    /// `volley data check`.
    struct Check: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Compare the files of a data set with their published checksums.")

        @Argument(help: ArgumentHelp("The data set.", valueName: "name"))
        var name: String

        @OptionGroup var place: Place

        func run() throws {
            let entry = try DataCatalog.entry(name)
            let library = place.library
            // Names what is missing, with the remedy; and reads every header.
            let splits = try library.load(name)
            for file in entry.files {
                guard let path = library.path(of: file, in: entry), path.hasSuffix(file.name) else {
                    Console.output.line("  unpacked  \(file.name): read, but there is no checksum")
                    continue
                }
                try DataFetch.check(file, at: path)
                Console.output.line("  right     \(path)")
            }
            Console.output.line(
                "\(name): \(TextFormat.count(splits.train.count)) training and "
                    + "\(TextFormat.count(splits.test.count)) test samples.")
        }
    }
}

/// Shows how far a fetch is.
private final class FetchDisplay: Sendable {
    private struct State {
        var file = ""
        var hasLine = false
        var lastDrawing: ContinuousClock.Instant?
    }

    private let style: Console.Style
    private let state = Mutex(State())

    /// A display in a style.
    init(_ style: Console.Style) {
        self.style = style
    }

    /// Draws a bar on a terminal; elsewhere writes a line for each file.
    func show(_ progress: DataFetch.Progress) {
        state.withLock { state in
            let now = ContinuousClock.now
            let isNew = state.file != progress.file
            state.file = progress.file
            guard style.isTerminal else {
                if isNew {
                    Console.diagnostics.line("\(progress.file)  \(TextFormat.bytes(progress.total))")
                }
                return
            }
            let isDone = progress.received == progress.total
            if let last = state.lastDrawing, !isNew, !isDone,
                last.duration(to: now) < .milliseconds(100)
            {
                return
            }
            state.lastDrawing = now
            state.hasLine = true
            let share = Double(progress.received) / Double(max(progress.total, 1))
            Console.diagnostics.write(
                "\r\u{1B}[K\(progress.file)  \(TextFormat.percent(share)) "
                    + "of \(TextFormat.bytes(progress.total))" + (isDone ? "\n" : ""))
            if isDone { state.hasLine = false }
        }
    }

    /// Takes an unfinished line away.
    func end() {
        state.withLock { state in
            if state.hasLine { Console.diagnostics.write("\r\u{1B}[K") }
            state.hasLine = false
        }
    }
}
