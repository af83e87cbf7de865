import Foundation
package import Logging

/// Sees to it that no start of a device gives a token of a lease that an earlier one gave (LSE-003).
///
/// A file keeps a number up to which tokens may have been given, a reserve ahead of those that were, so that it is written
/// once in many leases and not at all when the device is killed. A start begins above it. Devices may share the file: each
/// then grows past all of them. Without a file, or if it is lost, the clock keeps starts apart, as long as a device gives
/// less than a token a second on average and the clock is not set back.
package struct FencingTokens: ~Copyable {
    /// The first token of this start.
    package let first: UInt32

    private let file: String?
    private let logger: Logger
    private var reserved: UInt32
    private var isWarned = false

    /// Tokens between two writes of the file, or two starts (own choice).
    package static let reserve: UInt32 = 64
    /// Largest number that a file may hold; starts would take millennia to get there.
    package static let limit: UInt32 = 1 << 31

    /// Tokens of a new start.
    ///
    /// - Parameters:
    ///   - file: Where the number is kept; made, with its folder, if it is not there. `nil` leaves it to the clock.
    ///   - now: Seconds since 1970.
    package init(file: String?, now: Int, logger: Logger) {
        self.file = file
        self.logger = logger
        let sinceTwentySix = UInt32(clamping: min(max(1, now - 1_767_225_600), Int(Self.limit)))
        var first = sinceTwentySix
        var failure: FencingFileError?
        if let file {
            do throws(FencingFileError) {
                try Self.raise(file) { kept in
                    first = max(first, kept + 1)
                    return first + Self.reserve
                }
            } catch {
                failure = error
            }
        }
        self.first = first
        reserved = first + Self.reserve
        if let failure { warn(failure) }
    }

    /// Notes a token that is about to be given.
    package mutating func note(_ token: UInt32) {
        guard token > reserved else { return }
        reserved = token + Self.reserve
        guard let file else { return }
        let wanted = reserved
        do throws(FencingFileError) {
            try Self.raise(file) { max($0, wanted) }
        } catch {
            warn(error)
        }
    }

    private mutating func warn(_ failure: FencingFileError) {
        guard !isWarned else { return }
        isWarned = true
        logger.warning(
            """
            \(failure); tokens of leases go by the clock, so that after more than a lease a second a new start could give \
            one again. VOLLEY_STATE=FOLDER puts the file elsewhere.
            """)
    }

    /// Replaces the number in a file, locked meanwhile against other devices.
    private static func raise(_ file: String, _ next: (UInt32) -> UInt32) throws(FencingFileError) {
        let folder = URL(fileURLWithPath: file).deletingLastPathComponent()
        do {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        } catch {
            throw FencingFileError(file: file, reason: "its folder cannot be made")
        }
        let descriptor = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw FencingFileError(file: file, reason: String(cString: strerror(errno))) }
        let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        guard flock(descriptor, LOCK_EX) == 0 else {
            throw FencingFileError(file: file, reason: String(cString: strerror(errno)))
        }
        do {
            let text = String(decoding: try handle.read(upToCount: 64) ?? Data(), as: UTF8.self)
            let kept = text.isEmpty ? 0 : UInt32(text.dropLast(text.hasSuffix("\n") ? 1 : 0))
            guard let kept, kept < limit else {
                throw FencingFileError(
                    file: file, reason: "it does not hold a number below \(limit); remove it to begin anew")
            }
            // Of one width, so that a write replaces the former number as a whole.
            let digits = String(next(kept))
            let line = String(repeating: "0", count: max(0, 10 - digits.count)) + digits + "\n"
            try handle.seek(toOffset: 0)
            try handle.write(contentsOf: Data(line.utf8))
            try handle.synchronize()
        } catch let error as FencingFileError {
            throw error
        } catch {
            throw FencingFileError(file: file, reason: error.localizedDescription)
        }
    }
}

/// Why the file of tokens cannot be used.
private struct FencingFileError: Error, CustomStringConvertible {
    var file: String
    var reason: String

    var description: String { "the file of lease tokens, \(file), cannot be used: \(reason)" }
}
