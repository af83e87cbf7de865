import Foundation
import InTheLoop
import Settings

/// A preset's name or the path of an experiment file, as the user wrote it.
struct ExperimentSource {
    /// The name or path.
    var name: String

    /// The experiment, with what the command line says instead of the file.
    ///
    /// - Parameters:
    ///   - settings: `FIELD=VALUE` texts, from `--set`.
    ///   - seed: the seed, from `--seed`.
    ///   - epochs: the epochs, from `--epochs`.
    /// - Throws: `FieldError` with place and reason, `CommandError` if there is no such preset or file.
    func experiment(settings: [String] = [], seed: UInt64? = nil, epochs: Int? = nil) throws -> Experiment {
        var overrides = try settings.map(Self.override)
        if let seed { overrides.append(("seed", "\(seed)")) }
        if let epochs { overrides.append(("training.epochs", "\(epochs)")) }
        return try Experiment(yaml: text(), source: name, overrides: overrides)
    }

    /// The text of the preset or file.
    func text() throws -> String {
        if let preset = Presets.yaml(name) { return preset }
        do {
            return try String(contentsOfFile: name, encoding: .utf8)
        } catch {
            let presets = Presets.names.joined(separator: ", ")
            guard FileManager.default.fileExists(atPath: name) else {
                throw CommandError(
                    .badInput,
                    "\"\(name)\" is neither a preset (\(presets)) nor a file.")
            }
            throw CommandError(.inputOutput, "\(name) cannot be read as UTF-8 text.")
        }
    }

    private static func override(_ text: String) throws -> (path: String, value: String) {
        guard let split = text.firstIndex(of: "="), split != text.startIndex else {
            throw CommandError(
                .usage, "--set \(text): write FIELD=VALUE, such as training.learning_rate=0.002.")
        }
        return (String(text[..<split]), String(text[text.index(after: split)...]))
    }
}
