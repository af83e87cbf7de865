import Substrate
import WireProtocol

/// What only many runs show: mismatch stays, noise does not. Each case states the chance of failing a right device.
enum StatisticsCases {
    static let all: [ConformanceCase] = [
        statistics(
            "EXE-006/same-number-same-noise",
            "On an emulated chip the same content and number give the same bytes, in any session",
            needs: [.emulator]
        ) { context in
            let batch = context.batch(21, entries: 6)
            let first = try context.armed(for: batch).run(batch).bytes
            for _ in 0..<3 {
                try context.require(try context.freed().armed(for: batch).run(batch).bytes == first, "the bytes differ")
            }
        },
        statistics(
            "EXE-006/noise-varies-with-the-number", "Where noise is claimed, another number gives other codes",
            needs: [.emulator, .effect("CADC: noise")]
        ) { context in
            // Of 17 * 4 * 8 codes with noise of a fraction of an LSB all being equal by chance is beyond 2^-100.
            let runs = try context.repeated(4)
            for (index, run) in runs.enumerated().dropFirst() {
                try context.require(
                    run.membranes != runs[0].membranes, "batches 1 and \(index + 1) have the same codes to the last bit"
                )
            }
        },
        statistics(
            "HEL-001/mismatch-is-the-chip's",
            "Where fixed deviations are claimed, columns differ by more than noise explains",
            needs: [.effect("fixed: leak")]
        ) { context in
            // F test of 17 columns over 8 runs: F(16, 119) beyond 4 has a chance below 1e-5 without mismatch.
            let table = try context.columnMeans(8)
            let f = table.varianceRatio
            try context.require(f > 4, "the columns' variance is \(f) times that of repetitions; more than 4 was due")
        },
        statistics(
            "HEL-001/mismatch-stays",
            "The same chip is the same: columns deviate alike from batch to batch and session to session",
            needs: [.effect("fixed: leak")]
        ) { context in
            // Independent columns correlate above 0.8 with a chance below 1e-4 (17 columns).
            let first = try context.columnMeans(6).columns
            let second = try context.freed().columnMeans(6, from: 100).columns
            let r = ColumnMeans.correlation(first, second)
            try context.require(r > 0.8, "the columns' means correlate by \(r) between two sessions")
        },
        statistics(
            "OBS-001/column-errors-stay",
            "Where errors of the CADC are claimed, columns err alike on every common voltage",
            needs: [.effect("CADC: offset")]
        ) { context in
            let low = try context.columnMeans(4, reference: 80).columns
            let high = try context.freed().columnMeans(4, from: 50, reference: 130).columns
            let r = ColumnMeans.correlation(low, high)
            try context.require(r > 0.8, "the columns' readings of two voltages correlate by \(r)")
        },
        statistics(
            "OBS-001/noise-has-no-mean", "Noise has no mean: two halves of many runs agree within their error",
            needs: [.effect("CADC: noise")]
        ) { context in
            // Mean of 17 columns by 16 runs each; 6 standard errors have a chance below 1e-8. Rounding adds a tenth of an LSB.
            let all = try context.columnMeans(32)
            let (early, late) = (all.mean(of: 0..<16), all.mean(of: 16..<32))
            let limit = 6 * all.standardError(of: 16) + 0.1
            try context.require(
                abs(early - late) < limit, "the halves differ by \(abs(early - late)) LSB, more than \(limit)")
        },
        statistics(
            "CFG-007/gain-moves-the-membrane",
            "An input moves a readout's membrane up by a positive weight and down by a negative one"
        ) { context in
            var moves: [Double] = []
            for sign in [1, -1] {
                let network = context.readoutNetwork
                let image = [Int8](
                    repeating: Int8(sign * min(127, context.claims.geometry.weightLimit) / 4),
                    count: network.synapseCount)
                var batch = context.batch(sign > 0 ? 1 : 2, on: network, entries: 0, spikes: false, image: image)
                batch.inputs = SpikeTrains()
                for _ in 0..<8 {
                    batch.inputs.append([
                        SpikeEvent(tick: 10, unit: 0), SpikeEvent(tick: 40, unit: 1), SpikeEvent(tick: 70, unit: 2),
                    ])
                }
                let recording = try context.freed().armed(for: batch).run(batch).recording
                moves.append(recording.mean(ofSample: 1) - recording.mean(ofSample: 0))
            }
            try context.require(
                moves[0] > 0.5 && moves[1] < -0.5,
                "excitation moved the mean by \(moves[0]) LSB, inhibition by \(moves[1]) LSB")
        },
        statistics(
            "CST-001/totals-add-up", "Over twenty batches the counters of REPORT grow by the sum of what DONE states"
        ) { context in
            let network = context.network()
            let client = try context.armed(for: context.batch(on: network))
            let before = try CostsBlock.decode(client.health().bytes(15)[...]).accounting
            var offered: UInt64 = 0
            var delivered: UInt64 = 0
            for number in 1...20 as ClosedRange<UInt64> {
                let counts = try client.run(context.batch(number, on: network, entries: 3)).recording.accounting
                offered += counts.offered
                delivered += counts.delivered
                client.send(.ack, ControlPayload.number(client.nextRequest - 1))
            }
            let after = try CostsBlock.decode(client.health().bytes(15)[...]).accounting
            try context.require(
                after.offered - before.offered == offered && after.delivered - before.delivered == delivered,
                "REPORT grew by \(after.offered - before.offered) offered and \(after.delivered - before.delivered) delivered events, "
                    + "the batches state \(offered) and \(delivered)")
        },
    ]

    private static func statistics(
        _ id: String, _ title: String, needs: [ConformanceCase.Need] = [],
        _ body: @escaping @Sendable (CaseContext) throws -> Void
    ) -> ConformanceCase {
        ConformanceCase(id, title, in: .statistics, needs: needs, body: body)
    }
}

/// Mean CADC code of each column in each of some runs; shape `[run, column]`.
struct ColumnMeans {
    let values: [[Double]]

    /// Mean over the runs; shape `[column]`.
    var columns: [Double] {
        values[0].indices.map { column in values.reduce(0) { $0 + $1[column] } / Double(values.count) }
    }

    /// Variance between columns over variance of a column between runs: the F statistic of a one-way layout.
    var varianceRatio: Double {
        let means = columns
        let grand = means.reduce(0, +) / Double(means.count)
        let between =
            means.reduce(0) { $0 + ($1 - grand) * ($1 - grand) } * Double(values.count) / Double(means.count - 1)
        // A chip without noise has no variance within: the resolution of a mean of 32 codes stands in.
        return between / max(within, 1e-3)
    }

    private var within: Double {
        let means = columns
        var sum = 0.0
        for run in values {
            for (column, value) in run.enumerated() { sum += (value - means[column]) * (value - means[column]) }
        }
        return sum / Double(means.count * max(1, values.count - 1))
    }

    /// Mean over some runs and all columns.
    func mean(of runs: Range<Int>) -> Double {
        values[runs].reduce(0) { $0 + $1.reduce(0, +) } / Double(runs.count * values[0].count)
    }

    /// Standard error of the difference of two means over so many runs each. Columns may share noise, so runs alone count.
    func standardError(of runs: Int) -> Double { (2 * within / Double(runs)).squareRoot() }

    /// Pearson's correlation.
    static func correlation(_ left: [Double], _ right: [Double]) -> Double {
        let count = Double(left.count)
        let (a, b) = (left.reduce(0, +) / count, right.reduce(0, +) / count)
        var (ab, aa, bb) = (0.0, 0.0, 0.0)
        for (x, y) in zip(left, right) {
            ab += (x - a) * (y - b)
            aa += (x - a) * (x - a)
            bb += (y - b) * (y - b)
        }
        return aa * bb > 0 ? ab / (aa * bb).squareRoot() : 0
    }
}

extension CaseContext {
    /// Sixteen readouts on four inputs, and a spiking neuron that nothing drives.
    var readoutNetwork: ChipConfiguration {
        var network = network(spiking: 1, readouts: 16)
        network.projections = [ChipConfiguration.Projection(source: .inputs, target: 1)]
        return network
    }

    /// Recordings of silent batches that differ by their number alone.
    func repeated(_ count: Int, from number: UInt64 = 1, reference: Double? = nil) throws -> [Recording] {
        let network = readoutNetwork
        let client = try armed(for: batch(on: network))
        return try (0..<UInt64(count)).map { index in
            let batch = self.batch(number + index, on: network, entries: 8, events: 0, reference: reference)
            defer { client.send(.ack, ControlPayload.number(client.nextRequest - 1)) }
            return try client.run(batch).recording
        }
    }

    /// Their means by run and column.
    func columnMeans(_ count: Int, from number: UInt64 = 1, reference: Double? = nil) throws -> ColumnMeans {
        ColumnMeans(
            values: try repeated(count, from: number, reference: reference).map { recording in
                let codes = recording.membranes?.codes ?? []
                let columns = recording.membranes?.neurons.count ?? 1
                return (0..<columns).map { column in
                    let own = stride(from: column, to: codes.count, by: columns)
                    return own.reduce(0) { $0 + Double(codes[$1]) } / Double(max(1, codes.count / columns))
                }
            })
    }
}
