import LinkContract
import Testing

/// The contract of a link, held against every carrier that needs nothing but this process; that of USB stands with its
/// driver's tests, on their emulated bus.
@Suite struct LinkContractTests {
    @Test(arguments: LinkKind.allCases, LinkContract.allCases)
    func everyCarrierKeepsTheContract(carrier: LinkKind, clause: LinkContract) throws {
        try clause.hold(frameLimit: carrier.frameBytes, open: carrier.open)
    }
}
