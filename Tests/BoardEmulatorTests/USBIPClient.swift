import BoardEmulator
import Dispatch
import Synchronization

/// An importer, as a kernel is one: submits transfers, and collects returns in the order in which they come.
final class USBIPClient: Sendable {
    /// A return: of a submission (3) or of a cancellation (4).
    struct Return: Sendable, Hashable {
        var command: UInt32
        var sequence: UInt32
        var status: Int32
        var count = 0
        var bytes: [UInt8] = []
    }

    private struct State {
        var sequence: UInt32 = 0
        var reads: Set<UInt32> = []
        var returns: [Return] = []
        var isOver = false
    }

    /// What the server answered to the import, without its first eight bytes.
    let device: [UInt8]
    let socket: LoopbackSocket
    private let state = Mutex(State())
    private let arrivals = DispatchSemaphore(value: 0)

    /// Imports the board behind a port; nil if the server refuses.
    init?(port: UInt16, busID: String = "1-1") throws {
        socket = try LoopbackSocket.connected(to: port)
        let request = USBIPMessage.operation(USBIPMessage.importRequest, .done)
        _ = socket.write(request + USBIPMessage.padded(busID, to: 32))
        guard let answer = socket.read(8), answer[4...] == [0, 0, 0, 0], let device = socket.read(312) else {
            return nil
        }
        self.device = device
        DispatchQueue(label: "usbip client").async { [self] in collect() }
    }

    deinit { socket.shutDown() }

    /// Submits a transfer and returns its number.
    @discardableResult
    func submit(
        endpoint: UInt32, isIn: Bool, length: Int, flags: UInt32 = 0, setup: [UInt8] = [UInt8](repeating: 0, count: 8),
        data: [UInt8] = []
    ) -> UInt32 {
        let sequence = nextSequence(isRead: isIn)
        let words = [1, sequence, 0x0001_0002, isIn ? 1 : 0, endpoint, flags, UInt32(length), 0, 0, 0]
        _ = socket.write(words.flatMap(\.bigEndianBytes) + setup + data)
        return sequence
    }

    /// Cancels a transfer, and returns the number of the cancellation.
    func unlink(_ target: UInt32) -> UInt32 {
        let sequence = nextSequence(isRead: false)
        _ = socket.write([2, sequence, 0x0001_0002, 0, 0, target, 0, 0, 0, 0, 0, 0].flatMap(\.bigEndianBytes))
        return sequence
    }

    /// Sends a frame as a transfer.
    @discardableResult
    func send(_ frame: [UInt8]) -> UInt32 {
        submit(endpoint: 1, isIn: false, length: frame.count, flags: frame.count % 512 == 0 ? 0x40 : 0, data: frame)
    }

    /// Makes a control request, and waits for its answer.
    func control(_ setup: USBSetup, data: [UInt8] = []) -> Return? {
        let number = submit(
            endpoint: 0, isIn: setup.isIn, length: setup.isIn ? Int(setup.length) : data.count, setup: setup.bytes,
            data: data)
        while let next = next() { if next.sequence == number { return next } }
        return nil
    }

    /// The next return; nil when none comes within the limit, or the connection has ended.
    func next(within limit: Duration = .seconds(5)) -> Return? {
        let nanoseconds = Int(limit / .nanoseconds(1))
        guard arrivals.wait(timeout: .now() + .nanoseconds(nanoseconds)) == .success else { return nil }
        return state.withLock { state in
            guard state.returns.isEmpty else { return state.returns.removeFirst() }
            arrivals.signal()
            return nil
        }
    }

    /// Whether the connection has ended.
    var isOver: Bool { state.withLock { $0.isOver && $0.returns.isEmpty } }

    private func nextSequence(isRead: Bool) -> UInt32 {
        state.withLock { state in
            state.sequence += 1
            if isRead { state.reads.insert(state.sequence) }
            return state.sequence
        }
    }

    private func collect() {
        while let header = socket.read(48) {
            func word(_ index: Int) -> UInt32 { header[4 * index..<4 * index + 4].reduce(0) { $0 << 8 | UInt32($1) } }
            var next = Return(command: word(0), sequence: word(1), status: Int32(bitPattern: word(5)))
            if next.command == 3 {
                next.count = Int(word(6))
                if state.withLock({ $0.reads.contains(next.sequence) }), next.count > 0 {
                    guard let bytes = socket.read(next.count) else { break }
                    next.bytes = bytes
                }
            }
            state.withLock { $0.returns.append(next) }
            arrivals.signal()
        }
        state.withLock { $0.isOver = true }
        arrivals.signal()
    }
}
