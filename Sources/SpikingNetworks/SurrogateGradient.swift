/// What stands for the derivative of the step function in the backward pass.
public protocol SurrogateGradient: Sendable {
    /// dS/dV at a membrane's distance from the threshold, `V - vThreshold`.
    func derivative(at distance: Float) -> Float
    /// The function whose derivative it is, 0 at minus infinity or at another constant.
    func antiderivative(at distance: Float) -> Float
}

/// `dS/dV = 1 / (beta |V - vThreshold| + 1)^2` (Zenke, Ganguli, Neural Computation 2018), beta 50 in Cramer et al. 2022.
public struct SuperSpike: SurrogateGradient, Hashable, Codable {
    /// Steepness.
    public var beta: Float

    /// A surrogate of a steepness.
    public init(beta: Float = 50) {
        self.beta = beta
    }

    /// `1 / (beta |x| + 1)^2`.
    public func derivative(at distance: Float) -> Float {
        let root = beta * distance.magnitude + 1
        return 1 / (root * root)
    }

    /// `x / (beta |x| + 1) + 1/beta`, from 0 at minus infinity to 2/beta.
    public func antiderivative(at distance: Float) -> Float {
        distance / (beta * distance.magnitude + 1) + 1 / beta
    }
}
