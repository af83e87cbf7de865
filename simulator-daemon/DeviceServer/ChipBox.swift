import ChipEmulator
import Substrate
import Synchronization

/// An emulated chip that a server's thread runs: what is written to it stays from batch to batch.
final class ChipBox: Sendable {
    /// Who the chip is.
    let description: DeviceDescription

    private let profile: ChipProfile
    private let chip: Mutex<EmulatedChip>

    /// Boxes a chip.
    init(_ chip: EmulatedChip) {
        description = chip.description
        profile = chip.profile
        self.chip = Mutex(chip)
    }

    /// Why the chip cannot take a network; nil if it can.
    func flaw(of configuration: ChipConfiguration) -> String? {
        ConfigurationCheck(
            profile: profile, configuration: configuration, name: "the configuration"
        ).flaw
    }

    /// Runs a batch on the calling thread.
    func run(
        _ batch: DeviceBatch, slicesOf length: Int, attend: (RecordingSlice?) -> Bool
    ) -> Result<RecordingTotals, DeviceError> {
        chip.withLock { chip in
            do throws(DeviceError) {
                return .success(try chip.run(batch, slicesOf: length, attend: attend))
            } catch {
                return .failure(error)
            }
        }
    }
}
