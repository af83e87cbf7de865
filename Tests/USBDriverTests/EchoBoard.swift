import BoardEmulator
import DeviceTransport
import Foundation
import Synchronization
import USBDriver

/// The program of an emulated board that sends back whatever frame comes, or does as it is told.
final class EchoBoard: Sendable {
    let function: USBBoardFunction
    private let isEnding = Mutex(false)
    private let hasEnded = DispatchSemaphore(value: 0)
    private let wake: @Sendable () -> Void
    private let seen = Mutex(0)
    private let aborts = Mutex<[UInt64]>([])

    /// Starts the program.
    init(
        serial: UInt64 = 7, packet: Int = 512, delay: Duration = .zero,
        _ adjust: (inout USBBoardIdentity) -> Void = { _ in }
    ) {
        var identity = USBBoardIdentity(serial: serial, bootID: 99, bulkPacketSize: packet)
        identity.frameLimit = 1 << 20
        identity.bufferBytes = 8 << 20
        adjust(&identity)
        let function = USBBoardFunction(identity: identity)
        self.function = function
        wake = USBBoardListener(on: function).wake
        Thread.detachNewThread { [self] in
            var listener = USBBoardListener(on: function)
            while !isEnding.withLock(\.self) {
                if let frame = listener.receive(within: .milliseconds(50)) {
                    seen.withLock { $0 += 1 }
                    if delay > .zero { Thread.sleep(forTimeInterval: delay / .seconds(1)) }
                    try? listener.send(frame.bytes, to: frame.peer)
                }
                for event in listener.takeEvents() {
                    switch event {
                    case .ended: break
                    case .abort(let request, _): aborts.withLock { $0.append(request) }
                    }
                }
            }
            hasEnded.signal()
        }
    }

    /// How many frames came. They are not kept: a test that watches its memory would find them.
    var frameCount: Int { seen.withLock(\.self) }
    /// Requests that were aborted.
    var aborted: [UInt64] { aborts.withLock(\.self) }

    /// Ends the program; the board itself stays as it is.
    func end() {
        isEnding.withLock { $0 = true }
        wake()
        hasEnded.wait()
    }
}

/// Bytes that differ from frame to frame and from place to place.
func pattern(_ count: Int, seed: Int = 0) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: ($0 &* 31) ^ ($0 >> 8) ^ (seed &* 97)) }
}

/// The time that a call takes, in seconds.
func seconds(of body: () throws -> Void) rethrows -> Double {
    let begin = ContinuousClock.now
    try body()
    return begin.duration(to: .now) / .seconds(1)
}

/// The time that the end of a link takes, in seconds.
func secondsToClose(_ link: consuming USBTransport) -> Double {
    let begin = ContinuousClock.now
    link.close()
    return begin.duration(to: .now) / .seconds(1)
}
