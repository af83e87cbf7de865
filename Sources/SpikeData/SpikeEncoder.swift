public import Substrate

/// Turns the features of a sample into input events.
public protocol SpikeEncoder: Sendable {
    /// Number of input channels; events have units below it.
    var channelCount: Int { get }

    /// The events of a sample, in no particular order.
    ///
    /// - Parameter features: values between 0 and 1; shape `[feature]`.
    func encode(_ features: [Float]) -> [SpikeEvent]
}
