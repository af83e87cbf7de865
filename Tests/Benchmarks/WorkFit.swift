/// The time of a pattern as a sum of what its events and its neurons take, fitted to relative errors.
package struct WorkFit: Codable {
    /// Nanoseconds of a core for an event and a neuron that it reaches.
    package var nanosecondsPerSynapticEvent: Double
    /// Nanoseconds of a core for a neuron and a step.
    package var nanosecondsPerNeuronStep: Double

    /// Times in which the two kinds of work stand in several proportions.
    package struct Point {
        /// Events times the neurons that they reach.
        package var synapticEvents: Double
        /// Neurons times steps.
        package var neuronSteps: Double
        /// Core time of a pattern, ns.
        package var nanoseconds: Double

        /// A time; every argument has the meaning of the property of its name.
        package init(synapticEvents: Double, neuronSteps: Double, nanoseconds: Double) {
            self.synapticEvents = synapticEvents
            self.neuronSteps = neuronSteps
            self.nanoseconds = nanoseconds
        }
    }

    /// Least squares of `1 - (a x + b y) / t`, neither constant below zero; nil where one kind of work is in proportion
    /// to the other in all points.
    package init?(_ points: [Point]) {
        var (xx, xy, yy, x, y) = (0.0, 0.0, 0.0, 0.0, 0.0)
        for point in points {
            let u = point.synapticEvents / point.nanoseconds
            let v = point.neuronSteps / point.nanoseconds
            xx += u * u
            xy += u * v
            yy += v * v
            x += u
            y += v
        }
        let determinant = xx * yy - xy * xy
        guard determinant > 1e-9 * xx * yy else { return nil }
        let (a, b) = ((x * yy - y * xy) / determinant, (y * xx - x * xy) / determinant)
        nanosecondsPerSynapticEvent = b < 0 ? x / xx : max(a, 0)
        nanosecondsPerNeuronStep = a < 0 ? y / yy : max(b, 0)
    }

    /// What a pattern takes by the fit, ns.
    package func nanoseconds(synapticEvents: Double, neuronSteps: Double) -> Double {
        nanosecondsPerSynapticEvent * synapticEvents + nanosecondsPerNeuronStep * neuronSteps
    }
}
