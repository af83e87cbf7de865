package import Foundation
import Glibc

/// Files that are either whole or not there: written beside their place, synchronised, then renamed.
package enum AtomicFile {
    /// Writes a file so that a crash or a full disk leaves either the old one or the new one.
    ///
    /// - Throws: `RunError` of kind `io`, with the path and the system's reason; a temporary file is removed.
    package static func write(_ data: Data, to url: URL) throws(RunError) {
        let temporary = url.appendingPathExtension("part")
        do {
            guard FileManager.default.createFile(atPath: temporary.path, contents: nil) else {
                throw CocoaError(.fileWriteUnknown)
            }
            let handle = try FileHandle(forWritingTo: temporary)
            defer { try? handle.close() }
            try handle.write(contentsOf: data)
            try handle.synchronize()
        } catch {
            let reason = Self.reason(error)
            try? FileManager.default.removeItem(at: temporary)
            throw RunError(
                .io, "cannot write \(url.path) (\(data.count) bytes): \(reason)",
                remedy: "Free some space or choose another --output.")
        }
        // Foundation has no replacing rename that is a single system call.
        guard unsafe rename(temporary.path, url.path) == 0 else {
            let reason = Self.text(errno)
            try? FileManager.default.removeItem(at: temporary)
            throw RunError(.io, "cannot put \(url.path) in place: \(reason)")
        }
        synchronizeFolder(url.deletingLastPathComponent())
    }

    /// Reads a whole file.
    package static func read(_ url: URL) throws(RunError) -> Data {
        do {
            return try Data(contentsOf: url)
        } catch {
            throw RunError(.io, "cannot read \(url.path): \(reason(error))")
        }
    }

    /// Makes a rename last: the folder's own entry reaches the disk.
    private static func synchronizeFolder(_ url: URL) {
        let descriptor = unsafe open(url.path, O_RDONLY)
        guard descriptor >= 0 else { return }
        fsync(descriptor)
        close(descriptor)
    }

    /// The system's own words for an error, where it has some.
    static func reason(_ error: any Error) -> String {
        let outer = error as NSError
        let inner = outer.userInfo[NSUnderlyingErrorKey] as? NSError ?? outer
        if inner.domain == NSPOSIXErrorDomain { return text(Int32(inner.code)) }
        return errno != 0 ? text(errno) : outer.localizedDescription
    }

    private static func text(_ code: Int32) -> String {
        NSError(domain: NSPOSIXErrorDomain, code: Int(code)).localizedDescription
    }
}
