import Glibc

/// Makes pairs of connected descriptors that no child process inherits.
package enum DescriptorPair {
    /// A pipe.
    ///
    /// - Throws: `system`, when the process has no descriptors left.
    package static func pipe() throws(TransportError) -> (read: Int32, write: Int32) {
        var ends: [Int32] = [0, 0]
        guard unsafe Glibc.pipe(&ends) == 0 else {
            throw TransportError(.system, "cannot make a pipe", errno: errno)
        }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        return (ends[0], ends[1])
    }
}
