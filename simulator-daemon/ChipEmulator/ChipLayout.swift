import CChipKernels
import Substrate

/// Where a network lies on the chip: lanes, rows and circuits, and in which order its populations run.
struct ChipLayout {
    /// Populations that have to be integrated together.
    struct Group: Equatable {
        /// Their indices.
        var populations: [Int]
        /// Whether one of them drives itself, or they each other.
        var isCyclic: Bool
    }

    /// The populations, in the kernel's terms.
    let populations: [chip_population]
    /// The projections, in the kernel's terms.
    let projections: [chip_projection]
    /// The populations in an order in which sources come first.
    let groups: [Group]

    /// The layout of a network.
    ///
    /// - Parameter step: the integration step, in microseconds.
    init(_ configuration: ChipConfiguration, step: Double) {
        groups = Self.sort(configuration)
        var blocks = 0
        var populations: [chip_population] = []
        for (index, population) in configuration.populations.enumerated() {
            let count = (population.size + Int(CHIP_LANES) - 1) / Int(CHIP_LANES)
            populations.append(
                chip_population(
                    first_block: UInt32(blocks), block_count: UInt32(count),
                    size: UInt32(population.size),
                    first_neuron: UInt32(configuration.neurons(ofPopulation: index).lowerBound),
                    row_count: UInt32(configuration.fanIn(ofPopulation: index)),
                    fall_e: Float(step / population.targets.tauSynExcitatory),
                    fall_i: Float(step / population.targets.tauSynInhibitory),
                    fall_v: Float(step / population.targets.tauMem)))
            blocks += count
        }
        var rows = [Int](repeating: 0, count: populations.count)
        var projections: [chip_projection] = []
        for projection in configuration.projections {
            let sources = configuration.sourceCount(projection)
            var source = -1
            var cyclic = false
            if case .population(let index) = projection.source {
                source = index
                cyclic = groups.contains {
                    $0.isCyclic && $0.populations.contains(index)
                        && $0.populations.contains(projection.target)
                }
            }
            projections.append(
                chip_projection(
                    source: Int32(source), source_count: UInt32(sources),
                    target: UInt32(projection.target),
                    first_row: UInt32(rows[projection.target]), cyclic: cyclic))
            rows[projection.target] += sources
        }
        self.populations = populations
        self.projections = projections
    }

    /// Strongly connected components, sources first (R. Tarjan, SIAM J. Comput. 1, 146, 1972, on the reverse graph).
    private static func sort(_ configuration: ChipConfiguration) -> [Group] {
        let count = configuration.populations.count
        var sources = [Set<Int>](repeating: [], count: count)
        for projection in configuration.projections {
            if case .population(let index) = projection.source {
                sources[projection.target].insert(index)
            }
        }
        var number = [Int?](repeating: nil, count: count)
        var low = [Int](repeating: 0, count: count)
        var stack: [Int] = []
        var visited = 0
        var groups: [Group] = []
        func visit(_ node: Int) {
            number[node] = visited
            low[node] = visited
            visited += 1
            stack.append(node)
            for source in sources[node].sorted() {
                if let seen = number[source] {
                    if stack.contains(source) { low[node] = min(low[node], seen) }
                } else {
                    visit(source)
                    low[node] = min(low[node], low[source])
                }
            }
            guard low[node] == number[node], let place = stack.firstIndex(of: node) else { return }
            let members = stack[place...].sorted()
            stack.removeSubrange(place...)
            groups.append(
                Group(
                    populations: members,
                    isCyclic: members.count > 1 || sources[node].contains(node)))
        }
        for node in 0..<count where number[node] == nil { visit(node) }
        return groups
    }
}
