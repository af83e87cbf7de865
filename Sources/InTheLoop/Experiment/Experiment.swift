public import Settings
public import SpikingNetworks

/// A training run, complete: what is learned from what, by which network, with which recipe, on which settings of a chip.
///
/// The fields, their units and defaults are read and documented by `Experiment+Fields.swift`, and nowhere else.
public struct Experiment: Sendable, Equatable {
    /// Short name; names the run folder.
    public var name: String
    /// A sentence for the reader of a run folder.
    public var summary: String
    /// Seed of weights, order, dropout and the emulated chip's temporal noise.
    public var seed: UInt64
    /// What is learned.
    public var data: DataSection
    /// How features become input spikes.
    public var encoding: EncodingSection
    /// The host's time grid; its step is the CADC sample period.
    public var grid: TimeGrid
    /// Layers and initial weights.
    public var network: NetworkSection
    /// The computation graph of the host.
    public var graph: GraphSection
    /// Loss and regularisers.
    public var objective: ObjectiveSection
    /// The optimiser and how long it runs.
    public var training: TrainingSection
    /// How weights become codes.
    public var mapping: MappingSection
    /// What the chip's neurons are set to.
    public var chip: ChipSection
    /// Every field with its meaning and its value in force.
    public private(set) var fields: [FieldDocumentation]

    init(reading reader: inout FieldReader) throws(FieldError) {
        name = try reader.text("name", "experiment", "Short name; names the run folder.")
        summary = try reader.text("summary", "", "A sentence for the reader of a run folder.")
        seed = UInt64(
            try reader.integer(
                "seed", 1, in: 0...Int(Int32.max),
                "Seed of weights, sample order, dropout and the emulated chip's temporal noise."))
        data = try DataSection(reading: &reader)
        encoding = try EncodingSection(reading: &reader)
        grid = TimeGrid(
            steps: try reader.integer(
                "grid.steps", 20, in: 2...400,
                "Points of the host's time grid, t = 0 included; also CADC samples of a pattern."),
            stepMicroseconds: try reader.number(
                "grid.step_us", 1.7, in: 0.1...20,
                "Step of the host's time grid and CADC sample period, in µs of chip time."))
        network = try NetworkSection(reading: &reader)
        graph = try GraphSection(reading: &reader)
        objective = try ObjectiveSection(reading: &reader)
        training = try TrainingSection(reading: &reader)
        mapping = try MappingSection(reading: &reader)
        chip = try ChipSection(reading: &reader)
        fields = []
        try reader.finish()
        fields = reader.fields
    }

    /// Reads an experiment file.
    ///
    /// - Parameters:
    ///   - yaml: the file's text.
    ///   - source: the file's name, for errors.
    ///   - overrides: dotted paths and YAML values that win over the file.
    /// - Throws: the place and the reason; unknown fields come with a suggestion.
    public init(
        yaml: String, source: String, overrides: [(path: String, value: String)] = []
    ) throws(FieldError) {
        var reader = try FieldReader(
            yaml: yaml, source: source, subject: "an experiment", help: "volley experiment fields",
            overrides: overrides)
        try self.init(reading: &reader)
    }

    /// The whole experiment as YAML with every field written out; reading it gives the same experiment.
    public var resolved: String {
        ResolvedFields.yaml(fields)
    }
}
