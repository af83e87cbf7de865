internal import Substrate
internal import Tensors

/// The numbers of a profile from all measurements.
struct FitEvaluation {
    /// What was written, on paper.
    let nominal: NeuronTargets
    /// Threshold - leak that was asked for, in LSB.
    let swing: Double
    /// Systematic error of the mean threshold, in LSB.
    let thresholdBias: Double
    /// Columns of the CADC.
    let converter: ConverterMeasurement
    /// Membranes at rest.
    let rest: RestingMeasurement
    /// Neurons that fire by themselves.
    let firing: FiringRuns
    /// Postsynaptic potentials, twice.
    let synapses: [SynapseMeasurement.Values]
    /// Synapses over which the gain of a circuit is averaged.
    let synapsesPerCircuit: Int
    /// Single synapses.
    let array: SynapseSpread
    /// What moves membranes at rest.
    let noise: RestingMovements.Noise?

    /// All numbers that could be measured.
    var numbers: [FittedNumber] {
        let leak = leak
        let membrane = number(.membraneNoise, noise?.membrane)
        let correlation = correlationTime(of: membrane)
        let leakByBatch = rest.byBatch(of: leak?.counts ?? [])
        let regular = leak?.counts ?? []
        var result: [FittedNumber?] = [
            number(.tauMem, tauMem?.variance.ofFactor),
            number(.tauSyn, tauSyn?.ofFactor),
            number(.threshold, threshold?.variance),
            thresholdOffset,
            number(.synapticGain, synapticGain),
            number(.leak, leak?.variance),
            number(.reset, reset?.variance),
            number(.synapse, array.synapse),
            number(.synapseBow, array.bow),
            number(.rowDriver, array.rowDriver),
            number(.programming, rest.byWriting(of: regular)),
            membrane, correlation,
            number(.thresholdNoise, firing.thresholdByEntry),
            spikeTime(given: correlation),
            number(
                .batchThreshold, firing.thresholdByBatch(leak: leakByBatch.variance)),
            number(.batchLeak, leakByBatch),
        ]
        result += [
            number(.converterOffset, offsets?.variance), number(.converterGain, gains?.variance),
            number(.converterNoise, converter.noise),
        ]
        return result.compactMap { $0 }
    }

    /// Means that a profile has no fields for.
    var means: [ProfileFit.Mean] {
        [
            mean("leak - nominal, LSB", leak), mean("reset - nominal, LSB", reset),
            mean("ln(tau_mem / nominal)", tauMem),
            mean("ln(excitatory tau_syn / nominal)", tauSynOf(\.tauSynExcitatory, nominal.tauSynExcitatory)),
            mean("ln(inhibitory tau_syn / nominal)", tauSynOf(\.tauSynInhibitory, nominal.tauSynInhibitory)),
            mean("ln(synaptic gain / nominal)", gain), mean("CADC offset, LSB", offsets),
            mean("CADC gain - 1", gains),
        ].compactMap { $0 }
    }

    /// Circuits that count for no spread of leaks or of thresholds.
    var circuitsLeftOut: Int {
        guard let leak, let threshold else { return rest.mean.count }
        return zip(leak.counts, threshold.counts).count { !($0 && $1) }
    }

    /// White part of the noise of membranes at rest, as a standard deviation in LSB.
    var whiteNoise: Double? { noise.map { max(0, $0.white.value).squareRoot() } }

    /// Each circuit.
    var circuits: ProfileFit.Circuits {
        let runs = firing.runs
        func mean(_ columns: [[Double]]) -> [Double] {
            columns[0].indices.map { k in columns.reduce(0) { $0 + $1[k] } / Double(columns.count) }
        }
        return ProfileFit.Circuits(
            leak: rest.mean.map { $0 - nominal.leak },
            reset: mean(runs.map(\.reset)).map { $0 - nominal.reset },
            threshold: zip(mean(runs.map(\.threshold)), firing.swings).map { ($0 - nominal.threshold) / $1 },
            tauMem: firing.tauMem.map { $0 / nominal.tauMem },
            tauSynExcitatory: mean(synapses.map(\.tauSynExcitatory)).map { $0 / nominal.tauSynExcitatory },
            tauSynInhibitory: mean(synapses.map(\.tauSynInhibitory)).map { $0 / nominal.tauSynInhibitory },
            synapticGain: zip(mean(synapses.map(\.gain)), converter.columns.gain).map {
                $0 / $1 / nominal.synapticGain
            },
            converterOffset: converter.columns.offset, converterGain: converter.columns.gain)
    }

    // MARK: Spreads, in the units of the model

    private var leak: PairedSpread? { rest.spread(around: nominal.leak) }

    private var reset: PairedSpread? {
        firing.spread(resolution: FittedField.reset.resolution) { $0.reset.map { $0 - nominal.reset } }
    }

    private var threshold: PairedSpread? {
        firing.spread(resolution: resolution(.threshold)) {
            zip($0.threshold, firing.swings).map { ($0 - nominal.threshold) / $1 }
        }
    }

    private var thresholdOffset: FittedNumber? {
        guard let threshold else { return nil }
        let scale = FittedField.thresholdOffset.scale
        let bias = thresholdBias / swing
        func error(_ sampling: Double) -> Double { (sampling * sampling + bias * bias).squareRoot() * scale }
        let count = Double(threshold.variance.count)
        return FittedNumber(
            .thresholdOffset, value: threshold.mean * scale, standardError: error(threshold.meanError),
            measurementError: error((threshold.noise / 2 / count).squareRoot()),
            sampleSize: threshold.variance.count)
    }

    private var tauMem: PairedSpread? {
        firing.spread(resolution: resolution(.tauMem)) {
            $0.tauMem.map { PortableMath.log($0 / nominal.tauMem) }
        }
    }

    private func tauSynOf(
        _ column: (SynapseMeasurement.Values) -> [Double], _ nominal: Double
    ) -> PairedSpread? {
        let values = synapses.map { column($0).map { $0 > 0 ? PortableMath.log($0 / nominal) : .nan } }
        return PairedSpread(known(values[0]), known(values[1]), resolution: resolution(.tauSyn))
    }

    private var tauSyn: VarianceEstimate? {
        guard let excitatory = tauSynOf(\.tauSynExcitatory, nominal.tauSynExcitatory),
            let inhibitory = tauSynOf(\.tauSynInhibitory, nominal.tauSynInhibitory)
        else { return nil }
        return excitatory.variance.pooled(with: inhibitory.variance)
    }

    private var gain: PairedSpread? {
        let values = synapses.map { values in
            zip(values.gain, converter.columns.gain).map { gain, column in
                gain > 0 ? PortableMath.log(gain / column / nominal.synapticGain) : .nan
            }
        }
        return PairedSpread(known(values[0]), known(values[1]), resolution: resolution(.synapticGain))
    }

    /// The share of a circuit's own synapses, and of the drivers of its half, is no spread of its gain.
    private var synapticGain: VarianceEstimate? {
        guard let gain = gain?.variance else { return nil }
        let mixed = max(0, array.synapse?.variance ?? 0) + max(0, array.rowDriver?.variance ?? 0) / 2
        let share = mixed / Double(synapsesPerCircuit)
        var result = gain.scaled(by: 1, subtracting: share)
        // By chance the share goes with the gain: the covariance of both is uncertain.
        let chance = 4 * max(0, result.variance) * share / Double(max(1, gain.count))
        result.measurementError = (result.measurementError * result.measurementError + chance).squareRoot()
        return result.ofFactor
    }

    private var offsets: PairedSpread? {
        PairedSpread(
            converter.halves[0].offset, converter.halves[1].offset,
            resolution: resolution(.converterOffset))
    }

    private var gains: PairedSpread? {
        PairedSpread(
            converter.halves[0].gain.map { $0 - 1 }, converter.halves[1].gain.map { $0 - 1 },
            resolution: resolution(.converterGain))
    }

    /// Where there is no noise, its current has no time either.
    private func correlationTime(of membrane: FittedNumber?) -> FittedNumber? {
        guard let membrane, let noise else { return nil }
        let (value, error) = membrane.isResolved ? noise.correlation : (0, 0)
        return FittedNumber(
            .correlationTime, value: value, standardError: error, measurementError: error,
            sampleSize: membrane.sampleSize)
    }

    /// A noise current that outlasts spikes makes neighbouring intervals alike, and their covariance tells nothing.
    private func spikeTime(given correlation: FittedNumber?) -> FittedNumber? {
        guard let correlation, !correlation.isResolved else { return nil }
        return number(.spikeTime, firing.spikeTimes.scaled(by: 1_000))
    }

    // MARK: Helpers

    /// Values of circuits whose membrane time constant was measured: the others' potentials were fitted with a guess.
    private func known(_ values: [Double]) -> [Double] {
        zip(values, firing.tauMem).map { $1.isFinite ? $0 : .nan }
    }

    private func resolution(_ field: FittedField) -> Double { field.resolution / field.scale }

    private func number(_ field: FittedField, _ variance: VarianceEstimate?) -> FittedNumber? {
        variance.flatMap { FittedNumber(field, $0) }
    }

    private func mean(_ name: String, _ spread: PairedSpread?) -> ProfileFit.Mean? {
        spread.map { ProfileFit.Mean(name: name, value: $0.mean, standardError: $0.meanError) }
    }
}
