package import Charts
import Foundation
import InTheLoop

/// `wafer.json`: what was done on which chips of a wafer, and what came of it.
package struct WaferRecord: Codable, Equatable {
    /// What is done on each chip.
    package enum Task: String, Codable {
        /// The experiment is trained on it.
        case training
        /// The weights of a run are evaluated on it, as they are.
        case deployment
    }

    /// A chip and what came of it.
    package struct Chip: Codable, Equatable {
        /// Its serial.
        package var serial: UInt64
        /// Share of test patterns classified correctly; nil if the chip failed.
        package var testAccuracy: Double?
        /// Mean loss: of the test in a deployment, of the last epoch's training else.
        package var loss: Double?
        /// Share of training patterns classified correctly in the last epoch; nil in a deployment.
        package var trainingAccuracy: Double?
        /// Hidden spikes per pattern; nil where they were not counted.
        package var spikesPerPattern: Double?
        /// Wall seconds of this session spent on it.
        package var seconds: Double
        /// The name of its profile, as the device says it.
        package var profile: String?
        /// Hash of the chip's calibration and profile, in hexadecimal.
        package var calibration: String?
        /// The folder of its run, inside the wafer's; nil in a deployment.
        package var run: String?
        /// Why there is no result.
        package var problem: String?

        /// A chip of which nothing is known yet.
        package init(serial: UInt64, seconds: Double = 0) {
            self.serial = serial
            self.seconds = seconds
        }
    }

    /// Version of this software.
    package var version: String
    /// When it began, UTC.
    package var started: String
    /// The command as it was given.
    package var command: [String]
    /// What is done on each chip.
    package var task: Task
    /// The experiment's name.
    package var experiment: String
    /// The experiment's seed, the same on every chip; nil where each chip's seed is its serial.
    package var seed: UInt64?
    /// The run whose weights are deployed.
    package var weights: String?
    /// What the deployed weights were trained on.
    package var trainedOn: String?
    /// Name of the chips' shipped profile, or the absolute path of a profile's file; nil for the default.
    package var chipProfile: String?
    /// Fields that were set over the profile, as `FIELD=VALUE`.
    package var chipSettings: [String]?
    /// Serials of all chips that are wanted.
    package var serials: [UInt64]
    /// Folder of the data set, where the user gave one.
    package var dataFolder: String?
    /// The chips that are done or have failed, by serial.
    package var chips: [Chip]
    /// The accuracies of the chips that are done; nil if none is.
    package var testAccuracy: SampleStatistics?

    /// A record with nothing done.
    package init(task: Task, experiment: String, seed: UInt64?, serials: [UInt64]) {
        version = VolleyVersion.current
        started = Date().formatted(.iso8601)
        command = CommandLine.arguments
        self.task = task
        self.experiment = experiment
        self.seed = seed
        self.serials = serials
        chips = []
    }

    /// Adds a chip, in the place of an earlier try if there was one.
    package mutating func add(_ chip: Chip) {
        chips.removeAll { $0.serial == chip.serial }
        chips.append(chip)
        chips.sort { $0.serial < $1.serial }
        testAccuracy = SampleStatistics(accuracies.map(\.accuracy))
    }

    /// The accuracies, by serial.
    package var accuracies: [(serial: UInt64, accuracy: Double)] {
        chips.compactMap { chip in chip.testAccuracy.map { (chip.serial, $0) } }
    }

    /// The chips that failed.
    package var failed: [Chip] { chips.filter { $0.problem != nil } }

    /// Serials of which there is no result.
    package var missing: [UInt64] {
        let done = Set(accuracies.map(\.serial))
        return serials.filter { !done.contains($0) }
    }

    /// What was measured, for a heading.
    package var heading: String {
        let count = accuracies.count
        let profile = chips.lazy.compactMap(\.profile).first.map { " of profile \($0)" } ?? ""
        let chips = "\(count) \(count == 1 ? "chip" : "chips")\(profile)"
        switch task {
        case .training:
            return "\"\(experiment)\" trained on each of \(chips), \(seed.map { "seed \($0)" } ?? "own seeds")"
        case .deployment: return "\"\(experiment)\" trained on \(trainedOn ?? "software"), evaluated on \(chips)"
        }
    }
}
