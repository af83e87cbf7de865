import BoardEmulator
import CMockUSB
import Dispatch
import Foundation
import Synchronization
import Testing

/// An emulated bus for the time of a test: libusb sees what is plugged in here, and nothing else.
final class TestBus: @unchecked Sendable {
    fileprivate let bus: OpaquePointer

    /// One bus at a time: the end of one takes away the variable by which the preloaded library finds the next one.
    private static let place = DispatchSemaphore(value: 1)

    /// Begins a bus, once that of the test before has ended; its last owner may be a thread of that test.
    init() throws {
        try #require(Self.place.wait(timeout: .now() + 20) == .success, "the bus of another test has not ended")
        guard let begun = mock_bus_begin() else {
            Self.place.signal()
            throw CocoaError(.fileWriteUnknown)
        }
        bus = begun
    }

    deinit {
        mock_bus_end(bus)
        Self.place.signal()
    }

    /// The folder that stands in for the root of the file system.
    var root: String { String(cString: mock_bus_root(bus)) }

    /// Plugs a board in; with descriptors of its own, if they are given.
    ///
    /// It is announced to libusb only on request, since then nobody may be closing a board meanwhile.
    func plug(
        _ function: USBBoardFunction, descriptors: [UInt8]? = nil, announcing: Bool = false
    ) throws -> PluggedBoard {
        function.plug()
        let board = try PluggedBoard(function, on: self, descriptors: descriptors ?? function.descriptors)
        if announcing { mock_device_announce(board.device, true) }
        return board
    }

    /// Lets every user read all that is below the bus's root.
    func letEveryoneRead() throws {
        for path in try FileManager.default.subpathsOfDirectory(atPath: root) {
            var status = stat()
            let file = root + "/" + path
            guard lstat(file, &status) == 0, status.st_mode & S_IFMT != S_IFLNK else { continue }
            chmod(file, status.st_mode | (status.st_mode & S_IFMT == S_IFDIR ? 0o755 : 0o644))
        }
    }

    /// Writes a file of the system below the bus's root.
    func write(_ text: String, to path: String) throws {
        let url = URL(fileURLWithPath: root + path)
        try FileManager.default.createDirectory(
            at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: url)
    }
}

/// A board that is plugged into an emulated bus: hands libusb's transfers to the board's function.
///
/// Unchecked, because the C half locks what its functions change.
final class PluggedBoard: @unchecked Sendable {
    let function: USBBoardFunction
    private let bus: TestBus
    fileprivate private(set) var device: OpaquePointer?
    /// The function's names of the transfers under way; nil while a transfer is being submitted.
    private let transfers = Mutex<[UInt64: USBTransferID?]>([:])
    private let isOut = Mutex(false)

    fileprivate init(_ function: USBBoardFunction, on bus: TestBus, descriptors: [UInt8]) throws {
        self.function = function
        self.bus = bus
        let callbacks = mock_callbacks(
            context: Unmanaged.passUnretained(self).toOpaque(),
            control: { context, device, urb, setup, data, length in
                guard let board = PluggedBoard.at(context), let setup = PluggedBoard.setup(setup) else { return }
                let bytes = [UInt8](UnsafeBufferPointer(start: data, count: length))
                board.submit(urb, to: device) { board.function.submitControl(setup, data: bytes, completion: $0) }
            },
            bulk_out: { context, device, urb, data, length, zeroPacket in
                guard let board = PluggedBoard.at(context) else { return }
                let bytes = [UInt8](UnsafeBufferPointer(start: data, count: length))
                board.submit(urb, to: device) {
                    board.function.submitBulkOut(bytes, zeroPacket: zeroPacket, completion: $0)
                }
            },
            bulk_in: { context, device, urb, length in
                guard let board = PluggedBoard.at(context) else { return }
                board.submit(urb, to: device) { board.function.submitBulkIn(length: length, completion: $0) }
            },
            cancel: { context, _, urb in
                guard let board = PluggedBoard.at(context),
                    let id = board.transfers.withLock({ $0[urb] }).flatMap(\.self)
                else { return }
                board.function.cancel(id)
            },
            request: { context, setup in
                guard let board = PluggedBoard.at(context), let setup = PluggedBoard.setup(setup) else { return -EIO }
                switch board.function.control(setup) {
                case .data: return 0
                case .stall: return -EPIPE
                case .gone: return -ENODEV
                }
            })
        let speed: Int32 = [64: 12, 512: 480, 1_024: 5_000][function.identity.bulkPacketSize] ?? 480
        device = descriptors.withUnsafeBufferPointer { bytes in
            var identity = mock_identity(
                vendor: function.identity.vendor, product: function.identity.product, speed: speed,
                descriptors: bytes.baseAddress, length: bytes.count)
            return withUnsafePointer(to: callbacks) { mock_bus_plug(bus.bus, &identity, $0) }
        }
        try #require(device != nil, "cannot plug in a board")
    }

    deinit {
        unplug()
        mock_device_free(device)
    }

    /// Pulls the board out; the function may be in another socket of the bus by the second call, which does nothing.
    ///
    /// Whoever has the board open goes on asking its file, so the object has to live until they have closed it.
    func unplug(announcing: Bool = false) {
        let isFirst = isOut.withLock { isOut in
            defer { isOut = true }
            return !isOut
        }
        guard isFirst else { return }
        if announcing { mock_device_announce(device, false) }
        function.unplug()
        mock_device_unplug(device)
    }

    /// The device's file.
    var path: String { String(cString: mock_device_path(device)) }
    /// Requests that the device's file has answered.
    var requests: UInt64 { mock_device_requests(device) }
    /// From now on claiming the interface fails with this `errno`.
    func refuseClaim(_ error: Int32) { mock_device_refuse_claim(device, error) }
    /// From now on submitting bulk transfers fails with this `errno`.
    func refuseBulk(_ error: Int32) { mock_device_refuse_bulk(device, error) }
    /// From now on transfers that are called back do not come back.
    func ignoreCancel(_ ignore: Bool) { mock_device_ignore_cancel(device, ignore) }

    /// Submits a transfer to the function, which may complete it at once.
    private func submit(
        _ urb: UInt64, to device: OpaquePointer?,
        _ body: (@escaping @Sendable (USBTransferResult) -> Void) -> USBTransferID
    ) {
        transfers.withLock { $0[urb] = .some(nil) }
        nonisolated(unsafe) let device = device
        let id = body { [self] result in
            transfers.withLock { $0[urb] = nil }
            result.bytes.withUnsafeBufferPointer { bytes in
                mock_device_complete(
                    device, urb, result.status.errno, bytes.baseAddress, bytes.isEmpty ? result.count : bytes.count)
            }
        }
        transfers.withLock { if $0.keys.contains(urb) { $0[urb] = id } }
    }

    private static func at(_ context: UnsafeMutableRawPointer?) -> PluggedBoard? {
        context.map { Unmanaged<PluggedBoard>.fromOpaque($0).takeUnretainedValue() }
    }

    private static func setup(_ bytes: UnsafePointer<UInt8>?) -> USBSetup? {
        USBSetup(bytes: UnsafeBufferPointer(start: bytes, count: 8))
    }
}

extension USBTransferResult.Status {
    /// The kernel's negative number for the status of a transfer.
    fileprivate var errno: Int32 {
        switch self {
        case .completed: 0
        case .stalled: -EPIPE
        case .overflow: -EOVERFLOW
        case .failed: -EPROTO
        case .cancelled: -ENOENT
        case .gone: -ESHUTDOWN
        }
    }
}
