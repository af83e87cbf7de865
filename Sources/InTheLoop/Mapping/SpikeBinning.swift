import SpikingNetworks
import Substrate

/// Events to grid bins.
enum SpikeBinning {
    /// Puts events of some units into bins of `period` ticks, moved `shift` bins later; at most one per bin and unit.
    ///
    /// Units of the result count from the first of `units`.
    static func grid(
        _ trains: SpikeTrains, units: Range<Int>, steps: Int, period: Int, shift: Int
    ) -> GriddedSpikes {
        GriddedSpikes(
            binning: trains.events.map { UInt32($0.tick) | UInt32($0.unit) << 16 }, ends: trains.ends, units: units,
            steps: steps, period: period, shift: shift)
    }
}
