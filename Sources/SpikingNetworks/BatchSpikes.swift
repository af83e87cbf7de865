/// Spikes of a batch, on the time grid or still by the clock of a device.
public enum BatchSpikes: Sendable, Equatable {
    /// On the grid.
    case gridded(GriddedSpikes)
    /// By a clock; who works on some entries puts those on the grid.
    case timed(TimedSpikes)

    /// All of them on the grid; computed on each call where they are by a clock.
    public var gridded: GriddedSpikes {
        switch self {
        case .gridded(let spikes): spikes
        case .timed(let times): times.gridded
        }
    }

    /// Batch entries.
    public var entries: Int {
        switch self {
        case .gridded(let spikes): spikes.entries
        case .timed(let times): times.entries
        }
    }

    /// Time steps.
    public var steps: Int {
        switch self {
        case .gridded(let spikes): spikes.steps
        case .timed(let times): times.steps
        }
    }

    /// Units that can spike.
    public var channels: Int {
        switch self {
        case .gridded(let spikes): spikes.channels
        case .timed(let times): times.units.count
        }
    }
}
