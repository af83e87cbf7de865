internal import Substrate

/// The search for the codes of one parameter, all circuits at a time.
///
/// Each measurement moves a code by the paper's distance between what was measured and the target. The first takes the
/// whole way; from the second on the way is shortened to 1, 1/2, 1/3 ..., which averages the noise of the rounds away
/// (H. Robbins and S. Monro, Ann. Math. Stat. 22, 400, 1951).
struct CodeSearch {
    /// The codes wanted, before rounding; shape `[circuit]`.
    private(set) var wanted: [Double]
    private let nominal: Double
    private let range: ParameterRange
    private let highest: Int
    private let target: Double
    /// Measurements taken; shape `[circuit]`.
    private var rounds: [Int]

    /// A search that starts at the code which gives the target on paper.
    init(_ range: ParameterRange, target: Double, parameters: NeuronParameters, circuits: Int) {
        self.range = range
        self.target = target
        highest = parameters.highestCode
        nominal = range.code(of: target, highest: highest).rounded()
        wanted = [Double](repeating: nominal, count: circuits)
        rounds = [Int](repeating: 0, count: circuits)
    }

    /// The codes to write; shape `[circuit]`.
    var codes: [UInt16] { wanted.map { UInt16($0.rounded()) } }

    /// Takes a round's measurements of the codes written; circuits without a number stay where they are.
    ///
    /// - Parameter guesses: values to go by where nothing could be measured; they are no measurements, and so do not
    ///   shorten the way of those to come.
    mutating func move(by measured: [Double], guesses: [Int: Double] = [:]) {
        for circuit in wanted.indices {
            let isMeasured = measured[circuit].isFinite
            guard let value = isMeasured ? measured[circuit] : guesses[circuit] else { continue }
            if isMeasured { rounds[circuit] += 1 }
            let share = 1 / Double(max(1, rounds[circuit] - 1))
            // What was measured is what the rounded code gives.
            let written = wanted[circuit].rounded()
            let aim = range.code(written, moving: value, to: target, highest: highest)
            wanted[circuit] += share * (aim - wanted[circuit])
        }
    }

    /// Goes back to the nominal code where nothing could be measured.
    mutating func giveUp(where measured: [Double]) {
        for circuit in wanted.indices where !measured[circuit].isFinite { wanted[circuit] = nominal }
    }
}
