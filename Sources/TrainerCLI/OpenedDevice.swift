import DeviceClient
import DeviceLinks
import DeviceTransport
import Foundation
import InTheLoop
import Substrate

/// A device ready for use, and what has to be ended after it.
struct OpenedDevice: Sendable {
    /// What runs the forward passes; nil for software.
    let device: (any SpikingDevice)?
    private let remote: RemoteDevice<AddressedLink>?
    private let address: DeviceURI?
    private let daemon: DaemonProcess?

    /// Opens what was chosen; starts the bundled daemon where that was.
    ///
    /// - Parameters:
    ///   - label: what others are told when they ask who has the chip.
    ///   - threads: threads of the bundled daemon; nil for one for each core.
    /// - Throws: `DeviceError`, when the daemon does not start; a device that does not answer shows at its first use.
    static func open(
        _ choice: DeviceChoice, label: String, threads: Int? = nil
    ) async throws(DeviceError) -> OpenedDevice {
        switch choice {
        case .software:
            return OpenedDevice(device: nil, remote: nil, address: nil, daemon: nil)
        case .remote(let uri):
            return connected(to: uri, label: label, daemon: nil)
        case .bundled(let serial, let profile, let settings):
            var arguments = ["--serial", "\(serial)", "--log-level", "warning"]
            if let profile { arguments += ["--profile", profile] }
            for setting in settings { arguments += ["--set", setting] }
            if let threads { arguments += ["--threads", "\(threads)"] }
            let daemon = try DaemonProcess(arguments: arguments)
            return connected(to: daemon.address, label: label, daemon: daemon)
        }
    }

    private static func connected(
        to uri: DeviceURI, label: String, daemon: DaemonProcess?
    ) -> OpenedDevice {
        let remote = device(at: uri, label: label) { options in
            options.notice = { Console.diagnostics.line("device: \($0)") }
            if let daemon { options.verdict = { daemon.failure } }
        }
        return OpenedDevice(device: remote, remote: remote, address: uri, daemon: daemon)
    }

    /// The client of a device behind an address; nothing is sent yet.
    static func device(
        at uri: DeviceURI, label: String, adjust: (inout RemoteDeviceOptions) -> Void
    ) -> RemoteDevice<AddressedLink> {
        // A process is a run of its own to the device: a resumed one repeats batch numbers with the same content.
        var random = SystemRandomNumberGenerator()
        var options = RemoteDeviceOptions(
            runID: .init(high: random.next(), low: random.next()), label: label,
            software: ("volley", VolleyVersion.current))
        adjust(&options)
        return RemoteDevice(named: uri.description, options: options) {
            (patience: Duration) throws(TransportError) in
            try AddressedLink(connecting: uri, patience: patience)
        }
    }

    /// The device's counters; nil in software.
    func health() async throws(DeviceError) -> DeviceHealth? {
        guard let remote else { return nil }
        return try await remote.deviceHealth()
    }

    /// The calibrations that an experiment needs of the device; nil where it needs none.
    ///
    /// Those that a run folder holds, if they are of this very device, so that a resumed run goes on bit for bit; else
    /// those of the cache, else made now.
    ///
    /// - Throws: `DeviceError`, or `RunError` where a kept calibration no longer fits and the policy is to stop.
    func calibrations(for experiment: Experiment, keptIn folder: RunFolder?) async throws -> CalibrationSet? {
        guard let address else { return nil }
        let environment = ProcessInfo.processInfo.environment
        let display = CalibrationDisplay(on: .diagnostics, environment: environment)
        let desk = CalibrationDesk(
            experiment, cache: CalibrationCache(environment: environment), now: Date())
        // A session of its own, over before that of the run begins: a board on USB has one host at a time.
        let remote = Self.device(at: address, label: "volley calibrate") { options in
            if let daemon { options.verdict = { daemon.failure } }
        }
        do {
            if let folder, let (checkpoint, _) = try folder.latestCheckpoint(),
                let kept = try folder.calibrations(of: checkpoint.progress)
            {
                let identity = CalibrationIdentity(try await remote.describe())
                if kept.results.allSatisfy({ $0.device == identity }) {
                    await remote.close()
                    return kept
                }
            }
            let calibrations = try await desk.calibrations(of: remote, notice: display.show)
            await remote.close()
            return calibrations
        } catch {
            await remote.close()
            throw error
        }
    }

    /// Stops the bundled daemon at once, if there is one.
    func stopDaemon() { daemon?.stop(within: .seconds(1)) }

    /// Ends the session and the daemon, if there are any.
    func close() async {
        await remote?.close()
        daemon?.stop()
    }
}
