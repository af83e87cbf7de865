import Logging
import WireProtocol

extension DeviceEvent {
    /// How loud the event is.
    var level: Logger.Level {
        switch self {
        case .sessionOpened, .sessionEnded, .leaseGranted, .leaseFreed: .info
        case .sessionDetached, .fenced, .linkError: .warning
        case .duplicateAnswered, .jobCancelled: .info
        case .jobAccepted: .debug
        }
    }

    /// The event in words.
    var text: String {
        switch self {
        case .sessionOpened(let label, let resumed):
            "client \"\(label)\" \(resumed ? "is back" : "has come")"
        case .sessionEnded(let label, let expired):
            "client \"\(label)\" \(expired ? "did not come back" : "has left")"
        case .sessionDetached(let label): "client \"\(label)\" is silent; waiting for it to come back"
        case .leaseGranted(let label, let token): "client \"\(label)\" has the chip (token \(token))"
        case .leaseFreed(let label, let expired):
            "the chip is free; client \"\(label)\" \(expired ? "let its lease run out" : "gave it back")"
        case .fenced(let label): "refused client \"\(label)\": another has the chip now"
        case .linkError(let status, let detail): "ended a link: \(detail) (\(status))"
        case .duplicateAnswered(let label, let batch):
            "sent client \"\(label)\" the kept result of batch \(batch) again"
        case .jobAccepted(let label, let batch, let entries, let events):
            "client \"\(label)\" asks for batch \(batch): \(entries) entries, \(events) events"
        case .jobCancelled(let label, let batch): "client \"\(label)\" cancelled batch \(batch)"
        }
    }
}
