import Foundation
import InTheLoop

/// Results with the machine that they are of: what `run --json` writes and `compare` reads.
struct ResultFile: Codable {
    /// The machine.
    var machine: MachineDescription
    /// The results.
    var measurements: [Measurement]

    /// Reads a file.
    static func read(_ path: String) throws -> ResultFile {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        do {
            return try decoder.decode(ResultFile.self, from: Data(contentsOf: URL(fileURLWithPath: path)))
        } catch {
            throw ChildProgram.Failure(
                description: "\(path) is not a file of results of `benchmarks run --json`: "
                    + error.localizedDescription)
        }
    }

    /// Writes results to a file.
    static func write(_ results: some Encodable, to path: String) throws {
        try (RunFolder.json(results) + Data("\n".utf8)).write(to: URL(fileURLWithPath: path))
    }
}
