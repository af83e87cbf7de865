import ArgumentParser
import ChipEmulator
import Foundation
import Settings

/// A shipped profile's name or the path of a profile's file, as the user wrote it.
struct ProfileSource {
    /// The name or path.
    var name: String

    /// The profile, with what the command line says instead of the file.
    ///
    /// - Parameter settings: `FIELD=VALUE` texts, from `--set`.
    /// - Throws: `CommandFailure`, with the place and the reason.
    func file(settings: [String]) throws(CommandFailure) -> ChipProfileFile {
        var overrides: [(path: String, value: String)] = []
        for text in settings {
            guard let split = text.firstIndex(of: "="), split != text.startIndex else {
                throw CommandFailure(
                    .usage, "--set \(text): write FIELD=VALUE, such as noise.membrane_lsb=2.")
            }
            overrides.append((String(text[..<split]), String(text[text.index(after: split)...])))
        }
        do {
            return try ChipProfileFile(
                yaml: text(), source: name, overrides: overrides, readFile: Self.read)
        } catch let failure as CommandFailure {
            throw failure
        } catch {
            throw CommandFailure(.badProfile, "\(error)")
        }
    }

    /// The profile; where it is wrong, says so on standard error and ends the command with the failure's status.
    func fileOrExit(settings: [String] = []) throws -> ChipProfileFile {
        do throws(CommandFailure) {
            return try file(settings: settings)
        } catch {
            FileHandle.standardError.write(Data("Error: \(error)\n".utf8))
            throw ExitCode(error.status.rawValue)
        }
    }

    private func text() throws -> String {
        if let shipped = ChipProfile.shippedText(name) { return shipped }
        guard ChipProfileFile.isPath(name) else {
            throw CommandFailure(.badProfile, ChipProfileFile.unknown(name))
        }
        guard FileManager.default.fileExists(atPath: name) else {
            throw CommandFailure(.badProfile, "there is no chip profile \(name)")
        }
        guard let text = try? String(contentsOfFile: name, encoding: .utf8) else {
            throw CommandFailure(.inputOutput, "\(name) cannot be read as UTF-8 text")
        }
        return text
    }

    /// The text of a file that another one extends.
    private static func read(_ path: String) throws(FieldError) -> String {
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
            let isThere = FileManager.default.fileExists(atPath: path)
            throw FieldError(
                source: path, line: nil, field: "",
                reason: isThere ? "\(path) cannot be read as UTF-8 text" : "there is no file \(path)")
        }
        return text
    }
}
