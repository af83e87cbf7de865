import Settings

/// The optimiser and how long it runs.
public struct TrainingSection: Sendable, Equatable {
    /// Passes over the training samples.
    public var epochs: Int
    /// Patterns of a minibatch.
    public var batchSize: Int
    /// Patterns that the host works on at a time while a device runs the next ones.
    public var slice: Int
    /// Adam's learning rate in the first epoch.
    public var learningRate: Double
    /// Factor on the learning rate after each epoch.
    public var decayPerEpoch: Double
    /// Probability that a hidden unit is silenced for a minibatch.
    public var dropout: Double
    /// Largest random rotation of images, in degrees.
    public var rotationDegrees: Double

    init(reading reader: inout FieldReader) throws(FieldError) {
        epochs = try reader.integer(
            "training.epochs", 100, in: 0...100_000, "Passes over the training samples.")
        batchSize = try reader.integer(
            "training.batch_size", 100, in: 1...1_024, "Patterns of a minibatch.")
        slice = try reader.integer(
            "training.slice", 100, in: 1...1_024,
            "Patterns that the host works on at a time, while a device runs the next ones; decides the order of sums.")
        learningRate = try reader.number(
            "training.learning_rate", 1.5e-3, in: 0...10, "Adam's learning rate in the first epoch.")
        decayPerEpoch = try reader.number(
            "training.decay_per_epoch", 0.97, in: 0.01...1, "Factor on the learning rate after each epoch.")
        dropout = try reader.number(
            "training.dropout", 0, in: 0...0.95,
            "Probability that a hidden unit is silenced for a minibatch; one mask per minibatch.")
        rotationDegrees = try reader.number(
            "training.rotation_degrees", 0, in: 0...180,
            "Largest random rotation of a training image, in degrees; images only.")
    }
}
