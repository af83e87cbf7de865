import Dispatch
import Synchronization

/// An importer's connection to a board's function: commands in, returns out.
///
/// The function's completions come on any thread and may not wait for the network, so that a queue of its own writes.
final class USBIPConnection: Sendable {
    private struct State {
        /// Transfers of the importer that have not ended, by its numbers.
        var transfers: [UInt32: USBTransferID?] = [:]
        /// Cancellations that wait for the end of their transfer.
        var unlinks: [UInt32: UInt32] = [:]
        var isOver = false
        /// Bytes from the importer that the function has not taken, and bytes for it that are not written.
        var heldBytes = 0
        var unwritten = 0
    }

    /// What a connection may make us hold, in transfers and in bytes of each direction.
    private static let transferLimit = 1_024
    private static let byteLimit = 64 << 20

    private let socket: LoopbackSocket
    private let function: USBBoardFunction
    private let state = Mutex(State())
    private let writer = DispatchQueue(label: "volley.usbip.write", qos: .userInitiated)

    init(_ socket: LoopbackSocket, to function: USBBoardFunction) {
        self.socket = socket
        self.function = function
    }

    /// Serves commands until the connection ends or breaks the protocol; afterwards the board has a new link.
    func serve() {
        while let header = socket.read(USBIPMessage.headerLength), let command = USBIPCommand(header: header) {
            switch command {
            case .submit(let submission):
                var data: [UInt8] = []
                if !submission.isIn, submission.length > 0 {
                    guard let bytes = socket.read(submission.length) else { return end() }
                    data = bytes
                }
                guard submit(submission, data) else { return end() }
            case .unlink(let sequence, let target): unlink(sequence, target)
            }
        }
        end()
    }

    /// Gives a transfer to the function; false for a number that is in use.
    private func submit(_ submission: USBIPSubmission, _ data: [UInt8]) -> Bool {
        let sequence = submission.sequence
        let isNew = state.withLock { state in
            guard state.transfers[sequence] == nil else { return false }
            state.transfers[sequence] = .some(nil)
            state.heldBytes += data.count
            return true
        }
        guard isNew else { return false }
        let complete: @Sendable (USBTransferResult) -> Void = { [self] result in
            finish(submission, result, held: data.count)
        }
        guard state.withLock({ $0.transfers.count <= Self.transferLimit && $0.heldBytes <= Self.byteLimit }) else {
            finish(submission, nil, held: data.count)
            return true
        }
        let id: USBTransferID? =
            switch (submission.endpoint, submission.isIn) {
            case (0, _): function.submitControl(submission.setup, data: data, completion: complete)
            case (USBDescriptors.bulkOut, false):
                function.submitBulkOut(data, zeroPacket: submission.hasEmptyPacket, completion: complete)
            case (USBDescriptors.bulkIn & 0x0F, true):
                function.submitBulkIn(length: submission.length, completion: complete)
            default: nil
            }
        guard let id else {
            finish(submission, USBTransferResult(.stalled), held: data.count)
            return true
        }
        state.withLock { state in
            // It may have ended meanwhile.
            if state.transfers[sequence] != nil { state.transfers[sequence] = .some(id) }
        }
        return true
    }

    private func unlink(_ sequence: UInt32, _ target: UInt32) {
        let id: USBTransferID? = state.withLock { state in
            guard let transfer = state.transfers[target] else {
                // It has ended, and its return is on the way: that has to come first, which the queue keeps so.
                reply(USBIPMessage.unlinkReturn(sequence, status: 0), &state)
                return nil
            }
            state.unlinks[target] = sequence
            return transfer
        }
        if let id { function.cancel(id) }
    }

    /// Tells the importer of a transfer's end; `nil` stands for one that was refused for want of memory.
    private func finish(_ submission: USBIPSubmission, _ result: USBTransferResult?, held: Int) {
        if result?.status == .gone { return socket.shutDown() }
        state.withLock { state in
            state.transfers[submission.sequence] = nil
            state.heldBytes -= held
            let unlink = state.unlinks.removeValue(forKey: submission.sequence)
            if result?.status == .cancelled {
                if let unlink { reply(USBIPMessage.unlinkReturn(unlink, status: Errno.reset), &state) }
                return
            }
            let bytes = [UInt8]((result?.bytes ?? []).prefix(submission.length))
            let count = submission.isIn ? bytes.count : result?.count ?? 0
            reply(
                USBIPMessage.submitReturn(
                    submission.sequence, status: Self.status(of: result, submission, count: count), count: count,
                    bytes: bytes), &state)
            if let unlink { reply(USBIPMessage.unlinkReturn(unlink, status: 0), &state) }
        }
    }

    /// Writes when those before are written. A peer that does not read is not waited for longer than memory allows.
    private func reply(_ message: [UInt8], _ state: inout State) {
        guard !state.isOver else { return }
        state.unwritten += message.count
        guard state.unwritten <= Self.byteLimit else {
            state.isOver = true
            return socket.shutDown()
        }
        writer.async { [self] in
            let isWritten = socket.write(message)
            self.state.withLock { $0.unwritten -= message.count }
            if !isWritten { socket.shutDown() }
        }
    }

    /// Cancels what waits; the cable is out.
    private func end() {
        socket.shutDown()
        let waiting = state.withLock { state in
            state.isOver = true
            return state.transfers.values.compactMap(\.self)
        }
        for id in waiting { function.cancel(id) }
        writer.sync {}
        function.resetBus()
    }

    /// Numbers of Linux' errors, as the protocol has them.
    private enum Errno {
        static let memory: Int32 = -12
        static let stalled: Int32 = -32
        static let failed: Int32 = -71
        static let overflow: Int32 = -75
        static let reset: Int32 = -104
        static let short: Int32 = -121
    }

    private static func status(of result: USBTransferResult?, _ submission: USBIPSubmission, count: Int) -> Int32 {
        switch result?.status {
        case nil: Errno.memory
        case .completed: submission.isIn && submission.wantsAll && count < submission.length ? Errno.short : 0
        case .stalled: Errno.stalled
        case .overflow: Errno.overflow
        case .failed: Errno.failed
        case .cancelled, .gone: Errno.reset
        }
    }
}
