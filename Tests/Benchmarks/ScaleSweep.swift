/// One size of the reference work varied, and the times that it gives.
struct ScaleSweep: Codable {
    /// What is timed.
    enum Part: String, Codable, CaseIterable {
        /// The emulated chip in this process.
        case emulator
        /// The training step without a device.
        case step
    }

    /// What is varied.
    enum Size: String, Codable, CaseIterable {
        case hidden, steps, events, batch, cores

        /// Whether the work of a pattern changes with it.
        var changesWork: Bool { self != .batch && self != .cores }
    }

    /// A size and its time.
    struct Point: Codable {
        /// What was varied.
        var size: Double
        /// Events, as there were, times the neurons that they reach.
        var synapticEvents: Double
        /// Neurons times steps.
        var neuronSteps: Double
        /// Threads that worked.
        var threads: Int
        /// The runs, in order.
        var runs: [TimedRun]
        /// Core time of a pattern in the middle one of the runs, ns.
        var coreNanoseconds: Double

        /// Time of a pattern, ns.
        var nanoseconds: Double { coreNanoseconds / Double(threads) }

        fileprivate mutating func add(_ more: [TimedRun]) {
            runs += more
            let rates = runs.map(\.patternsPerSecond).sorted()
            coreNanoseconds = 1e9 * Double(threads) / rates[rates.count / 2]
        }
    }

    /// What is timed.
    var part: Part
    /// What is varied.
    var size: Size
    /// The points, by rising size.
    var points: [Point] = []
    /// The fit by a power: of the work where it changes, else of the size.
    var power: PowerFit?

    /// A sweep without points.
    init(part: Part, size: Size) {
        self.part = part
        self.size = size
    }

    /// Short name: "emulator, hidden".
    var name: String { "\(part.rawValue), \(size.rawValue)" }

    /// A line for people.
    var text: String {
        let two = { (value: Double) in "\((value * 100).rounded() / 100)" }
        return MeasurementTable.row(
            name,
            [
                MeasurementTable.whole(points.first?.size ?? 0), MeasurementTable.whole(points.last?.size ?? 0),
                power.map { two($0.exponent) } ?? "-", power.map { two($0.worst) } ?? "-",
            ])
    }

    /// Times all points once more.
    mutating func measure(_ machine: MachineOptions) async throws {
        for (place, value) in values(cores: machine.threads).enumerated() {
            let workload = workload(value)
            let context = BenchmarkContext(
                threads: size == .cores ? value : machine.threads, level: machine.level, runs: 1, data: nil)
            let measurement =
                switch part {
                case .emulator: try await EmulatorBenchmark(workload: workload).measure(name, context)
                case .step: try await StepBenchmark(workload: workload).measure(name, context)
                }
            if place == points.count {
                points.append(
                    Point(
                        size: Double(value), synapticEvents: measurement.eventsPerPattern * Double(workload.hidden),
                        neuronSteps: Double((workload.hidden + workload.outputs) * workload.steps),
                        threads: context.threads, runs: [], coreNanoseconds: 0))
            }
            points[place].add(measurement.runs)
        }
    }

    /// Fits the time of the points by a power of their work, or of their size where that does not change the work.
    mutating func fit(_ work: WorkFit) {
        power = PowerFit(
            points.map { (x: size.changesWork ? work.nanoseconds(of: $0) : $0.size, y: $0.nanoseconds) })
    }

    private func values(cores: Int) -> [Int] {
        switch size {
        case .hidden: [64, 128, 256, 512, 1_024]
        case .steps: [20, 50, 100, 200, 400]
        case .events: [14, 28, 56, 112, 224]
        case .batch: [10, 32, 100, 320, 1_000]
        case .cores: Array(Set([1, cores / 2, cores]).filter { $0 > 0 }).sorted()
        }
    }

    private func workload(_ value: Int) -> Workload {
        var workload = Workload()
        switch size {
        case .hidden: workload.hidden = value
        // 400 steps of 1 µs fit the chip's longest window.
        case .steps:
            workload.steps = value
            workload.stepMicroseconds = 1
        case .events: workload.events = Double(value)
        case .batch: workload.batchSize = value
        case .cores: break
        }
        return workload
    }
}

extension WorkFit {
    /// What a part's times say, over all of its sweeps that change the work.
    init?(_ sweeps: [ScaleSweep]) {
        self.init(
            sweeps.filter(\.size.changesWork).flatMap(\.points).map {
                Point(synapticEvents: $0.synapticEvents, neuronSteps: $0.neuronSteps, nanoseconds: $0.coreNanoseconds)
            })
    }

    /// What a pattern takes by the fit, ns.
    func nanoseconds(of point: ScaleSweep.Point) -> Double {
        nanoseconds(synapticEvents: point.synapticEvents, neuronSteps: point.neuronSteps)
    }
}
