/// All cases, in the order in which they run.
package enum ConformanceSuite {
    /// The cases.
    package static let cases: [ConformanceCase] = [
        FramingCases.all, HelloCases.all, SessionCases.all, LeaseCases.all, ConfigurationCases.all, WeightCases.all,
        StageCases.all, BatchCases.all, FlowCases.all, ErrorCases.all, ObservableCases.all, TimingCases.all,
        StatisticsCases.all, HostileCases.all,
    ].flatMap { $0 }
}
