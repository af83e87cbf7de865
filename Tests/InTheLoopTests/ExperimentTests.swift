import InTheLoop
import Settings
import Testing

/// Experiment files: what is read, what is refused, and in which words.
struct ExperimentTests {
    private func error(_ yaml: String) -> FieldError? {
        do throws(FieldError) {
            _ = try Experiment(yaml: yaml, source: "test.yaml")
            return nil
        } catch {
            return error
        }
    }

    @Test(arguments: Presets.names) func presetsReadAndResolveToThemselves(name: String) throws {
        let text = try #require(Presets.yaml(name))
        let experiment = try Experiment(yaml: text, source: name)
        #expect(experiment.name == name)
        let again = try Experiment(yaml: experiment.resolved, source: "resolved")
        #expect(again == experiment)
        #expect(again.fields.allSatisfy { !$0.meaning.isEmpty && !$0.accepts.isEmpty })
    }

    @Test func anEmptyFileIsThePaperRecipe() throws {
        let experiment = try Experiment(yaml: "", source: "empty")
        #expect(experiment.grid.steps == 20)
        #expect(experiment.grid.stepMicroseconds == 1.7)
        #expect(experiment.network.hidden.map(\.size) == [246])
        #expect(experiment.graph.surrogateSlope == 50)
        #expect(experiment.objective.scale == 10)
        #expect(experiment.objective.burst == 5e-4)
        #expect(experiment.objective.weightDecay == 0.1)
        #expect(experiment.training.learningRate == 1.5e-3)
        #expect(experiment.training.decayPerEpoch == 0.97)
        #expect(experiment.training.batchSize == 100)
        #expect(experiment.mapping.hiddenScale == 240)
        #expect(experiment.mapping.readoutScaleLimit == 250)
    }

    @Test func anUnknownFieldSuggestsTheRightName() throws {
        let found = try #require(error("training:\n  epochs: 3\n  learning_rat: 0.1\n"))
        #expect(found.line == 3)
        #expect(found.field == "training.learning_rat")
        #expect(
            found.description
                == "test.yaml:3: training.learning_rat: there is no field \"learning_rat\"; did you mean \"learning_rate\"?"
        )
    }

    @Test func aFieldInTheWrongSectionListsWhatIsKnown() throws {
        let found = try #require(error("grid:\n  tau_mem_us: 6\n"))
        #expect(found.reason == "there is no field \"tau_mem_us\"; known: steps, step_us")
    }

    @Test func aValueOutsideItsLimitsNamesThem() throws {
        let found = try #require(error("training: {batch_size: 0}"))
        #expect(found.field == "training.batch_size")
        #expect(found.reason == "\"0\" is not a whole number from 1 to 1024")
        #expect(try #require(error("seed: two")).reason.contains("not a whole number"))
        #expect(try #require(error("training: {dropout: .nan}")).field == "training.dropout")
    }

    @Test func aWrongWordSuggestsTheRightOne() throws {
        let found = try #require(error("graph:\n  integration: relesed_code\n"))
        #expect(found.reason == "there is no value \"relesed_code\"; did you mean \"released_code\"?")
    }

    @Test func aScalarWhereASectionIsMeantIsRefused() throws {
        #expect(try #require(error("training: 5")).field == "training")
        #expect(try #require(error("network: {hidden: 120}")).reason.contains("a list is expected"))
        #expect(try #require(error("- a\n- b\n")).reason.contains("a mapping"))
        #expect(try #require(error("a: [1, 2")).reason.contains("not YAML"))
    }

    @Test func overridesWinOverTheFile() throws {
        let experiment = try Experiment(
            yaml: "training: {epochs: 3}\nnetwork: {hidden: [{size: 7}]}", source: "test",
            overrides: [("training.epochs", "5"), ("network.hidden.0.size", "9"), ("seed", "4")])
        #expect(experiment.training.epochs == 5)
        #expect(experiment.network.hidden[0].size == 9)
        #expect(experiment.seed == 4)
    }

    @Test func aThresholdBelowTheLeakIsRefused() throws {
        let found = try #require(error("chip: {leak_lsb: 120, threshold_lsb: 110}"))
        #expect(found.field == "chip.threshold_lsb")
    }
}
