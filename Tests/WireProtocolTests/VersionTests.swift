import Foundation
import Substrate
import Testing
import WireProtocol

/// What a host makes of a device that refuses its version.
@Suite struct VersionTests {
    /// The device's refusal of a host of version 9, with another fault inside; and the host that gets it.
    private func refuse(_ fault: String) throws -> (actions: [HostAction], status: WireStatus) {
        var host = HostSession(configuration: Samples.host())
        guard case .transmit(let hello)? = host.start(now: .zero).first else {
            throw CancellationError()
        }
        var header = try FrameHeader(parsing: hello)
        let nonce = Data(repeating: 7, count: 16).base64EncodedString()
        let versions = #"{"lowestMajor": 9, "highestMajor": 9, "highestMinor": 0}"#
        let other = try #require(
            try ControlMessage.encode("Hello", json: #"{"versions": \#(versions), "nonce": "\#(nonce)"}"#))
        header.totalLength = UInt32(other.count)
        var device = DeviceEndpoint(configuration: Samples.device(), now: .zero)
        let answers = device.receive(
            Frame.encode(header, payload: other[...]), from: PeerID(bytes: [0]), now: .zero
        ).compactMap { if case .transmit(let frame, _) = $0 { frame } else { nil } }
        let answer = try #require(answers.first)
        var answerHeader = try FrameHeader(parsing: answer)
        let payload = try #require(try ControlMessage.encode("Fault", json: fault))
        answerHeader.totalLength = UInt32(payload.count)
        _ = host.submit(Samples.batch(4), now: .zero)
        return (
            host.receive(Frame.encode(answerHeader, payload: payload[...]), now: .zero), answerHeader.status
        )
    }

    private func failures(_ actions: [HostAction]) -> [(error: DeviceError, batch: UInt64?)] {
        actions.compactMap { if case .fail(let error, let batch) = $0 { (error, batch) } else { nil } }
    }

    @Test(arguments: [
        (2, 3, 5, "VP 2.0 to 3.5", "Update this program."),
        (2, 2, 1, "VP 2.1", "Update this program."),
        (0, 0, 4, "VP 0.4", "Update the device's daemon or firmware."),
    ])
    func bothVersionsAreNamedAndWhichSideIsToBeUpdated(
        lowest: Int, highest: Int, minor: Int, theirs: String, remedy: String
    ) throws {
        let versions = #"{"lowestMajor": \#(lowest), "highestMajor": \#(highest), "highestMinor": \#(minor)}"#
        let (actions, status) = try refuse(#"{"detail": "no", "versions": \#(versions)}"#)
        #expect(status == .version)
        let failures = failures(actions)
        // The batch that waits, and the session: neither is tried again.
        #expect(failures.map(\.batch) == [4, nil])
        for (error, _) in failures {
            #expect(error.code == .versionMismatch)
            #expect(error.detail.contains("this program speaks VP 1."))
            #expect(error.detail.hasSuffix("the device speaks \(theirs)"), "\(error.detail)")
            #expect(error.remedy == remedy)
        }
        #expect(actions.count == failures.count)
    }

    @Test func aDeviceThatNamesNoVersionIsQuoted() throws {
        let (actions, _) = try refuse(#"{"detail": "too new for me", "remedy": "Call us."}"#)
        let failure = try #require(failures(actions).last)
        #expect(failure.error.code == .versionMismatch)
        #expect(failure.error.detail.contains("too new for me"))
        #expect(failure.error.remedy == "Call us.")
    }
}
