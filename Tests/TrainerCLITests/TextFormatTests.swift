import Testing
import TrainerCLI

@Suite struct TextFormatTests {
    @Test func decimalsAreRoundedAndGrouped() {
        #expect(TextFormat.decimal(1_234_567.891, 2) == "1,234,567.89")
        #expect(TextFormat.decimal(0.05, 1) == "0.1")
        #expect(TextFormat.decimal(-0.004, 2) == "0.00")
        #expect(TextFormat.decimal(-12.5, 1) == "-12.5")
        #expect(TextFormat.decimal(999.6) == "1,000")
        #expect(TextFormat.decimal(.nan, 2) == "-")
        #expect(TextFormat.count(60_000) == "60,000")
        #expect(TextFormat.count(999) == "999")
    }

    @Test func engineeringKeepsThreeDigits() {
        #expect(TextFormat.engineering(0.000_035_6, "J") == "35.6 µJ")
        #expect(TextFormat.engineering(1.5, "s") == "1.50 s")
        #expect(TextFormat.engineering(0.999_6, "s") == "1.00 s")
        #expect(TextFormat.engineering(26_421_880, "B") == "26.4 MB")
        #expect(TextFormat.engineering(0, "J") == "0 J")
    }

    @Test func clocksGrowWithTheTime() {
        #expect(TextFormat.clock(7.6) == "8 s")
        #expect(TextFormat.clock(65) == "1:05")
        #expect(TextFormat.clock(7_389) == "2:03:09")
        #expect(TextFormat.clock(.infinity) == "-")
    }
}
