import DeviceClient
import DeviceTransport
import Foundation
import InTheLoop
import Substrate
import ZeroMQDriver

/// A daemon of our own and the client of its chip, over `ipc://`.
struct BundledDaemon {
    /// The client.
    let device: RemoteDevice<LocalTransport>
    private let process: DaemonProcess

    /// Starts `volleyd`, which lies beside this program.
    init(threads: Int) throws {
        let daemon = try DaemonProcess(
            arguments: ["--serial", "1", "--log-level", "warning", "--threads", "\(threads)"])
        process = daemon
        device = Self.client(of: daemon)
    }

    /// Another client of the same chip; a run's batch numbers are its own.
    func anotherClient() -> RemoteDevice<LocalTransport> { Self.client(of: process) }

    private static func client(of daemon: DaemonProcess) -> RemoteDevice<LocalTransport> {
        var random = SystemRandomNumberGenerator()
        var options = RemoteDeviceOptions(
            runID: .init(high: random.next(), low: random.next()), label: "benchmarks")
        options.verdict = { daemon.failure }
        return RemoteDevice(named: daemon.address.description, options: options) {
            (patience: Duration) throws(TransportError) in
            try LocalTransport(connecting: daemon.address, patience: patience)
        }
    }

    /// Largest resident memory of the daemon so far, in MiB.
    var peakMemory: Double { ProcessMemory.peak(of: "\(process.processIdentifier)") }

    /// Ends the session and the daemon.
    func close() async {
        await device.close()
        process.stop()
    }
}

/// Memory of processes, as Linux counts it.
enum ProcessMemory {
    /// Largest resident memory of a process (a number, or `self`) so far, in MiB; zero if the system does not tell.
    static func peak(of process: String) -> Double {
        let status = (try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)) ?? ""
        for line in status.split(separator: "\n") where line.hasPrefix("VmHWM:") {
            let kibibytes = line.split { $0 == " " || $0 == "\t" }.compactMap { Double($0) }.first
            return (kibibytes ?? 0) / 1_024
        }
        return 0
    }
}
