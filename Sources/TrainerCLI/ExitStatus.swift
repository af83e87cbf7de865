import ArgumentParser
import DeviceTransport
import InTheLoop
import Settings
import SpikeData
import Substrate

/// Exit codes of the command, after `sysexits.h` where it has one.
package enum ExitStatus: Int32, CaseIterable {
    /// All went well.
    case success = 0
    /// The command line is wrong, or an address cannot be understood.
    case usage = 64
    /// The experiment, the data or a checkpoint is wrong, or the network does not fit the chip.
    case badInput = 65
    /// The device or a server is not there, busy, or was lost.
    case unavailable = 69
    /// A fault of this software or of the device's.
    case fault = 70
    /// A file cannot be read or written.
    case inputOutput = 74
    /// A calibration no longer fits its chip.
    case stale = 75
    /// Stopped by a signal; a checkpoint is saved.
    case interrupted = 130

    /// What the code means, for the help.
    package var meaning: String {
        switch self {
        case .success: "all went well"
        case .usage: "wrong arguments"
        case .badInput: "bad experiment, data or checkpoint, or a network too large for the chip"
        case .unavailable: "device or server not there, busy, or lost"
        case .fault: "internal error"
        case .inputOutput: "a file cannot be read or written"
        case .stale: "a calibration no longer fits its chip"
        case .interrupted: "stopped by SIGINT or SIGTERM; training has saved a checkpoint"
        }
    }

    /// The table of codes, for the help.
    package static let table = allCases.map { status in
        let code = "\(status.rawValue)"
        let padding = String(repeating: " ", count: 5 - code.count)
        return "  \(code)\(padding)\(status.meaning)"
    }.joined(separator: "\n")

    /// The code of an error; nil for the argument parser's own.
    package init?(of error: any Error) {
        switch error {
        case let error as CommandError: self = error.status
        case let error as DataError: self = Self.status(of: error.code)
        case let error as DeviceError: self = Self.status(of: error.code)
        case let error as RunError: self = Self.status(of: error.code)
        case is FieldError, is MappingError: self = .badInput
        case let error as TransportError: self = error.code == .badAddress ? .usage : .unavailable
        case is CancellationError: self = .interrupted
        case is ExitCode, is ValidationError, is CleanExit: return nil
        default: return nil
        }
    }

    private static func status(of code: DataError.Code) -> ExitStatus {
        switch code {
        case .unknownName, .missing, .malformed, .checksum: .badInput
        case .unreadable, .diskFull: .inputOutput
        case .network: .unavailable
        }
    }

    private static func status(of code: DeviceError.Code) -> ExitStatus {
        switch code {
        case .badEndpoint: .usage
        case .unreachable, .linkLost, .restarted, .leaseHeld, .leaseLost, .unavailable,
            .versionMismatch, .deviceFault:
            .unavailable
        case .invalidRequest: .badInput
        case .protocolViolation: .fault
        case .cancelled: .interrupted
        }
    }

    private static func status(of code: RunError.Code) -> ExitStatus {
        switch code {
        case .io: .inputOutput
        case .corrupt, .mismatch, .occupied: .badInput
        case .losses: .unavailable
        case .stale: .stale
        }
    }
}
