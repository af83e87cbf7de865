import Foundation
import InTheLoop

/// Calibration files that are whole but wrong: as if the chip had moved since.
enum CalibrationForgery {
    /// Takes some codes off every leak of a file.
    static func lowerTheLeaks(in path: String, by codes: UInt16) throws {
        let file = URL(fileURLWithPath: path)
        var result = try CalibrationResult(decoding: Data(contentsOf: file), source: path)
        for circuit in result.codes.indices { result.codes[circuit].leak -= codes }
        try result.encoded.write(to: file)
    }
}
