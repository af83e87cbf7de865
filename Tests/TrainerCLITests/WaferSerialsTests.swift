import Testing
import TrainerCLI

@Suite struct WaferSerialsTests {
    @Test(
        arguments: [
            ("1...4", [1, 2, 3, 4], "1...4"), ("7", [7], "7"), ("9,1,3...5,4", [1, 3, 4, 5, 9], "1,3...5,9"),
            ("2-3", [2, 3], "2...3"), ("0", [0], "0"), ("1, 2", [1, 2], "1...2"),
            (
                "18446744073709551614...18446744073709551615", [.max - 1, .max],
                "18446744073709551614...18446744073709551615"
            ),
        ] as [(String, [UInt64], String)])
    func serialsAreReadAndWrittenAsUsersDo(text: String, numbers: [UInt64], written: String) throws {
        let serials = try #require(WaferSerials(argument: text))
        #expect(serials.numbers == numbers)
        #expect(serials.text == written)
        #expect(WaferSerials(argument: written) == serials)
    }

    @Test(arguments: [
        "", ",", "1,", "4...1", "1...", "...3", "a", "1..3", "1-2-3", "-1", "1.5", "1...10001",
        "18446744073709551616", "1...6000,10001...16000",
    ])
    func whatIsNoListIsRefused(text: String) {
        #expect(WaferSerials(argument: text) == nil)
    }
}
