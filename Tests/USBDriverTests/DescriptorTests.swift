import BoardEmulator
import DeviceTransport
import Foundation
import Testing
import USBDriver

extension USBDriverTests {
    /// Descriptors are a device's word, and may be anything.
    @Suite struct DescriptorTests {
        /// Lists a device with these descriptors, next to a sound board, which has to be seen whatever the other says.
        private func list(_ descriptors: [UInt8], beside sound: USBBoardFunction) throws -> [USBBoard] {
            let bus = try TestBus()
            let plugged = (try bus.plug(makeFunction(serial: 7), descriptors: descriptors), try bus.plug(sound))
            defer { withExtendedLifetime(plugged) {} }
            return try USBBoards.list()
        }

        private static let sound = makeFunction(serial: 8)
        /// 18 bytes of device, 9 of configuration, 9 of interface, 7 for each endpoint.
        private static let descriptors = makeFunction(serial: 7).descriptors

        @Test func endpointsThatDoNotFitAreSaidToBeWrong() throws {
            func problem(_ change: (inout [UInt8]) -> Void) throws -> String? {
                var bytes = Self.descriptors
                change(&bytes)
                return try list(bytes, beside: Self.sound).first { $0.address == 1 }?.problem
            }
            try #require(Self.descriptors.count == 50)
            let first = 36
            #expect(try problem { _ in } == nil)
            #expect(
                try problem {
                    $0[first + 2] |= 0x80
                    $0[first + 9] |= 0x80
                }
                    == "its interface 0 has 2 bulk IN and 0 bulk OUT endpoints instead of one each (USB-001)")
            #expect(
                try problem { $0[first + 3] = 0x03 }?.contains("endpoints instead of one each (USB-001)") == true)
            for (low, high, size) in [(63, 0, 63), (0, 0, 0), (0, 8, 2_048), (4, 0, 4)] as [(UInt8, UInt8, Int)] {
                #expect(
                    try problem {
                        $0[first + 4] = low
                        $0[first + 5] = high
                    } == "its bulk endpoint states packets of \(size) bytes, which USB does not have")
            }
        }

        @Test func anotherClassIsNoBoard() throws {
            for offset in 5...7 {
                var bytes = Self.descriptors
                bytes[27 + offset] ^= 1
                #expect(try list(bytes, beside: Self.sound).map(\.address) == [2])
            }
        }

        @Test func descriptorsCutAnywhereNeitherCrashNorHideOthers() throws {
            for length in 0..<Self.descriptors.count {
                let boards = try list(Self.asTheKernelShows(Array(Self.descriptors.prefix(length))), beside: Self.sound)
                #expect(boards.contains { $0.address == 2 && $0.problem == nil }, "cut after \(length) bytes")
            }
        }

        @Test func randomDescriptorsNeitherCrashNorHideOthers() throws {
            var random = Generator(state: 20_261_121)
            let rounds = ProcessInfo.processInfo.environment["VOLLEY_CAMPAIGN"] == nil ? 150 : 5_000
            for round in 0..<rounds {
                var bytes = Self.descriptors
                for _ in 0..<Int.random(in: 1...6, using: &random) {
                    let place = Int.random(in: 0..<bytes.count, using: &random)
                    bytes[place] =
                        [.random(in: 0...255, using: &random), 0, 1, 9, 255][Int.random(in: 0..<5, using: &random)]
                }
                if round % 5 == 0 {
                    // Interfaces and endpoints are announced that do not come, or come twice.
                    bytes[22] = .random(in: 0...40, using: &random)
                    bytes[31] = .random(in: 0...40, using: &random)
                    bytes += bytes[27...].prefix(.random(in: 0...23, using: &random))
                }
                let boards = try list(Self.asTheKernelShows(bytes), beside: Self.sound)
                #expect(boards.contains { $0.address == 2 && $0.problem == nil }, "round \(round): \(bytes)")
            }
        }

        /// Descriptors as the kernel shows them: it ends a configuration before the first descriptor whose length cannot
        /// be. libusb counts on that; with a length of zero, 1.0.26 would look for the next one for ever.
        private static func asTheKernelShows(_ bytes: [UInt8]) -> [UInt8] {
            var end = 18
            while end + 2 <= bytes.count, bytes[end] >= 2, end + Int(bytes[end]) <= bytes.count {
                end += Int(bytes[end])
            }
            return Array(bytes.prefix(end))
        }

        /// SplitMix64.
        private struct Generator: RandomNumberGenerator {
            var state: UInt64
            mutating func next() -> UInt64 {
                state &+= 0x9E37_79B9_7F4A_7C15
                var z = state
                z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
                z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
                return z ^ z >> 31
            }
        }
    }
}
