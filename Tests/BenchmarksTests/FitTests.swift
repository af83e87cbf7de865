import Benchmarks
import Foundation
import Glibc
import Testing

/// The arithmetic that benchmarks are judged by.
@Suite struct FitTests {
    @Test(arguments: [-1.0, 0.3, 1, 2])
    func aPowerLawIsFoundAgain(exponent: Double) throws {
        let fit = try #require(PowerFit([1.0, 3, 10, 200].map { (x: $0, y: 7 * pow($0, exponent)) }))
        #expect(abs(fit.exponent - exponent) < 1e-12)
        #expect(abs(fit.factor - 7) < 1e-10)
        #expect(abs(fit.worst - 1) < 1e-12)
    }

    @Test func theWorstPointIsTheLargestRatioToTheLaw() throws {
        // By symmetry the law is y = 2 through the four corners of a rectangle in the logarithms.
        let fit = try #require(PowerFit([(x: 1, y: 1), (x: 1, y: 4), (x: 8, y: 1), (x: 8, y: 4)]))
        #expect(abs(fit.exponent) < 1e-12)
        #expect(abs(fit.factor - 2) < 1e-12)
        #expect(abs(fit.worst - 2) < 1e-12)
    }

    @Test func oneSizeIsNoLaw() {
        #expect(PowerFit([(x: 5, y: 1), (x: 5, y: 2)]) == nil)
        #expect(PowerFit([]) == nil)
    }

    @Test func bothConstantsOfTheWorkAreFoundAgain() throws {
        let fit = try #require(WorkFit(Self.points(event: 0.4, step: 3)))
        #expect(abs(fit.nanosecondsPerSynapticEvent - 0.4) < 1e-9)
        #expect(abs(fit.nanosecondsPerNeuronStep - 3) < 1e-9)
        #expect(abs(fit.nanoseconds(synapticEvents: 10, neuronSteps: 2) - 10) < 1e-8)
    }

    @Test func noWorkTakesLessThanNothing() throws {
        // Times that fall with events would need a negative constant.
        let points = [(0.0, 100.0), (100, 100), (200, 100)].map {
            WorkFit.Point(synapticEvents: $0.0, neuronSteps: $0.1, nanoseconds: 300 - $0.0)
        }
        let fit = try #require(WorkFit(points))
        #expect(fit.nanosecondsPerSynapticEvent == 0)
        #expect(fit.nanosecondsPerNeuronStep > 0)
    }

    @Test func workInOneProportionCannotBeToldApart() {
        let points = [1.0, 2, 3].map {
            WorkFit.Point(synapticEvents: $0, neuronSteps: 2 * $0, nanoseconds: 5 * $0)
        }
        #expect(WorkFit(points) == nil)
    }

    /// Ranks as tables of the sign test have them, from both ends: 1 of 6, 2 of 9, 6 of 20, 40 of 100.
    @Test(arguments: [(6, 1), (9, 2), (20, 6), (100, 40)])
    func theRangeOfAMedianEndsAtTheRanksOfTheSignTest(count: Int, rank: Int) {
        let range = MedianRange((1...count).map(Double.init).shuffled())
        #expect(range.lower == Double(rank))
        #expect(range.upper == Double(count + 1 - rank))
        #expect(range.median == Double(count + 1) / 2)
    }

    @Test func aWordTakesSomeTimeFromOneCoreToAnother() throws {
        guard ProcessInfo.processInfo.activeProcessorCount > 1 else { return }
        // Other tests may keep a second thread from running beside this one for a while.
        let end = ContinuousClock.now + .seconds(30)
        var trips: [Double] = []
        while trips.count < 5, ContinuousClock.now < end { trips += [CoreDistance.roundTrip()].compactMap { $0 } }
        let least = try #require(trips.min())
        #expect((10...100_000).contains(least), "\(least) ns")
    }

    @Test func instructionsAreReadByFunctionAndTotalsLeftOut() {
        let counts = CallgrindTable.functions(
            """
            Events    shown:  Ir
            --------------------------------------------------------------------------------
            Ir
            --------------------------------------------------------------------------------
            1,234,567  PROGRAM TOTALS

            1,000,000  ???:run_avx2 [/folder/benchmarks]
              200,000  ???:$s4Name3runyyF'2 [/folder/benchmarks]
               34,000  ./string/memcpy.S:__memcpy_avx [/lib/libc.so.6]
                  567  ???:run_avx2 [/folder/benchmarks]
            """)
        #expect(counts == ["run_avx2": 1_000_567, "$s4Name3runyyF'2": 200_000, "__memcpy_avx": 34_000])
    }

    private static func points(event: Double, step: Double) -> [WorkFit.Point] {
        [(100.0, 1.0), (100, 20), (7, 300), (1_000, 1_000)].map {
            WorkFit.Point(
                synapticEvents: $0.0, neuronSteps: $0.1, nanoseconds: event * $0.0 + step * $0.1)
        }
    }
}
