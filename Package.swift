// swift-tools-version: 6.2
import PackageDescription

// The targets, bottom-up. Each may import only what it lists; `Tests/PackageTests` keeps it so.

/// Warnings are errors in CI only, so that a newer compiler never stops a user's build.
let strictness: [SwiftSetting] =
    Context.environment["CI"] == nil ? [] : [.treatAllWarnings(as: .error)]

/// Pure Swift: no unsafe memory, checked by the compiler.
let pure: [SwiftSetting] =
    strictness + [.strictMemorySafety(), .enableUpcomingFeature("InternalImportsByDefault")]

/// Targets that touch C: each holds one thin wrapper that is allowed to.
let edge: [SwiftSetting] = strictness + [.enableUpcomingFeature("InternalImportsByDefault")]

/// `make fuzz` sets this to libFuzzer's library without `main`: then the wire is instrumented, and the program that fuzzes it
/// is there. `VOLLEY_FUZZ_COVERAGE` chooses what is traced, in the compiler's words; all that libFuzzer knows if it is empty.
let fuzzingLibrary = Context.environment["VOLLEY_FUZZ"]
let traced = Context.environment["VOLLEY_FUZZ_COVERAGE"] ?? ""
let instrumentation: [SwiftSetting] =
    fuzzingLibrary == nil
    ? [] : [.unsafeFlags(["-sanitize=fuzzer"] + (traced.isEmpty ? [] : ["-sanitize-coverage=\(traced)"]))]

let argumentParser = Target.Dependency.product(
    name: "ArgumentParser", package: "swift-argument-parser")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")
let protobuf = Target.Dependency.product(name: "SwiftProtobuf", package: "swift-protobuf")

let package = Package(
    name: "volley",
    products: [
        .executable(name: "volley", targets: ["TrainerCLI"]),
        .executable(name: "volleyd", targets: ["SimulatorDaemon"]),
        .executable(name: "volley-conformance", targets: ["ConformanceCLI"]),
        .executable(name: "volley-board", targets: ["BoardKit"]),
        .library(name: "InTheLoop", targets: ["InTheLoop"]),
        .library(name: "SpikingNetworks", targets: ["SpikingNetworks"]),
        .library(name: "SpikeData", targets: ["SpikeData"]),
        .library(name: "Substrate", targets: ["Substrate"]),
        .library(name: "WireProtocol", targets: ["WireProtocol"]),
        .library(name: "DeviceTransport", targets: ["DeviceTransport"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: [
        // C modules.
        .systemLibrary(
            name: "CZeroMQ", path: "drivers/CZeroMQ", providers: [.apt(["libzmq3-dev"])]),
        .systemLibrary(
            name: "CLibUSB", path: "drivers/CLibUSB", providers: [.apt(["libusb-1.0-0-dev"])]),
        .systemLibrary(name: "CZlib", path: "Sources/CZlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(
            name: "CUMockdev", path: "Tests/CUMockdev", pkgConfig: "umockdev-1.0",
            providers: [.apt(["libumockdev-dev"])]),
        .target(name: "CMockUSB", dependencies: ["CLibUSB", "CUMockdev"], path: "Tests/CMockUSB"),
        .target(name: "CThreadSanitizer", path: "Tests/CThreadSanitizer"),
        .target(name: "CTrainingKernels", path: "Sources/CTrainingKernels"),
        .target(name: "CWireKernels", path: "protocol/CWireKernels"),
        .target(name: "CChipKernels", path: "simulator-daemon/CChipKernels"),

        // Vocabulary.
        .target(name: "Tensors", path: "Sources/Tensors", swiftSettings: pure),
        .target(name: "Charts", path: "Sources/Charts", swiftSettings: pure),
        .target(name: "Crews", path: "Sources/Crews", swiftSettings: pure),
        .target(name: "Substrate", path: "Sources/Substrate", swiftSettings: pure),
        .target(name: "DeviceTransport", path: "drivers/DeviceTransport", swiftSettings: pure),
        .target(
            name: "Settings", dependencies: [yams], path: "Sources/Settings", swiftSettings: pure),

        // Parts.
        .target(
            name: "SpikingNetworks", dependencies: ["Crews", "Tensors", "CTrainingKernels"],
            path: "Sources/SpikingNetworks", swiftSettings: edge),
        .target(
            name: "SpikeData", dependencies: ["Tensors", "Substrate", "CZlib", crypto],
            path: "Sources/SpikeData", swiftSettings: edge),
        .target(
            name: "ChipEmulator", dependencies: ["Crews", "Settings", "Substrate", "CChipKernels"],
            path: "simulator-daemon/ChipEmulator", resources: [.embedInCode("Profiles")],
            swiftSettings: edge),
        .target(
            name: "WireProtocol", dependencies: ["CWireKernels", "Substrate", protobuf, crypto],
            path: "protocol/WireProtocol", exclude: ["Proto/control.proto"],
            swiftSettings: pure + instrumentation),
        .target(
            name: "ZeroMQDriver", dependencies: ["DeviceTransport", "WireProtocol", "CZeroMQ"],
            path: "drivers/ZeroMQDriver", swiftSettings: edge),
        .target(
            name: "StreamDriver", dependencies: ["DeviceTransport", "WireProtocol"],
            path: "drivers/StreamDriver", swiftSettings: edge),
        .target(
            name: "USBDriver", dependencies: ["DeviceTransport", "CLibUSB"],
            path: "drivers/USBDriver", swiftSettings: edge),

        // Assemblies.
        .target(
            name: "InTheLoop",
            dependencies: [
                "Tensors", "Settings", "Substrate", "SpikingNetworks", "SpikeData", crypto,
            ],
            path: "Sources/InTheLoop", resources: [.embedInCode("Presets")], swiftSettings: pure),
        .target(
            name: "DeviceLinks", dependencies: ["DeviceTransport", "StreamDriver", "USBDriver", "ZeroMQDriver"],
            path: "drivers/DeviceLinks", swiftSettings: edge),
        .target(
            name: "DeviceClient", dependencies: ["Substrate", "WireProtocol", "DeviceTransport", "StreamDriver"],
            path: "drivers/DeviceClient", swiftSettings: edge),
        .target(
            name: "ProtocolConformance", dependencies: ["Substrate", "WireProtocol", "DeviceTransport"],
            path: "protocol/ProtocolConformance", swiftSettings: pure),
        .target(
            name: "Mutants", dependencies: ["Substrate", "WireProtocol", "DeviceTransport"],
            path: "simulator-daemon/Mutants", swiftSettings: pure),
        .target(
            name: "BoardEmulator", dependencies: ["DeviceTransport"], path: "simulator-daemon/BoardEmulator",
            swiftSettings: pure),
        .target(
            name: "DeviceServer",
            dependencies: [
                "Substrate", "ChipEmulator", "WireProtocol", "DeviceTransport", logging,
            ],
            path: "simulator-daemon/DeviceServer", swiftSettings: edge),

        // Executables.
        .executableTarget(
            name: "TrainerCLI",
            dependencies: [
                "Charts", "InTheLoop", "Settings", "SpikingNetworks", "SpikeData", "Substrate", "Tensors",
                "DeviceClient", "DeviceLinks", "DeviceTransport", argumentParser,
            ],
            path: "Sources/TrainerCLI", swiftSettings: edge),
        .executableTarget(
            name: "SimulatorDaemon",
            dependencies: [
                "DeviceServer", "ChipEmulator", "Mutants", "Settings", "Substrate", "DeviceTransport",
                "StreamDriver", "BoardEmulator", "ZeroMQDriver", argumentParser, logging,
            ],
            path: "simulator-daemon/SimulatorDaemon", swiftSettings: edge),

        .executableTarget(
            name: "ConformanceCLI",
            dependencies: [
                "ProtocolConformance", "Mutants", "DeviceLinks", "DeviceTransport", "ZeroMQDriver", argumentParser,
            ],
            path: "protocol/ConformanceCLI", swiftSettings: edge),

        // The device's side in C99 with a tiny chip: what a board's firmware looks like, as a program.
        .executableTarget(
            name: "BoardKit", path: "drivers/board-kit", exclude: ["Makefile", "tests"],
            cSettings: [.define("VOLLEY_LIMITS", to: "\"desktop_limits.h\"")]),

        .executableTarget(
            name: "Benchmarks",
            dependencies: [
                "Charts", "ChipEmulator", "Crews", "DeviceClient", "DeviceTransport", "InTheLoop", "SpikeData",
                "SpikingNetworks", "Substrate", "Tensors", "ZeroMQDriver", argumentParser,
            ],
            path: "Tests/Benchmarks", exclude: ["README.md", "scale.svg", "sizes.svg", "timeline.svg"],
            swiftSettings: strictness),

        // Tests, bottom-up too.
        .target(
            name: "WireFuzzing", dependencies: ["ProtocolConformance", "Substrate", "WireProtocol"],
            path: "Tests/Fuzz/Subjects", swiftSettings: strictness + instrumentation),
        .testTarget(
            name: "TensorsTests", dependencies: ["Tensors"], path: "Tests/TensorsTests",
            swiftSettings: strictness),
        .testTarget(
            name: "ChartsTests", dependencies: ["Charts"], path: "Tests/ChartsTests",
            swiftSettings: strictness),
        .testTarget(
            name: "DeviceTransportTests", dependencies: ["DeviceTransport"],
            path: "Tests/DeviceTransportTests", swiftSettings: strictness),
        .testTarget(
            name: "CrewsTests", dependencies: ["Crews"], path: "Tests/CrewsTests", swiftSettings: strictness),
        .testTarget(
            name: "SpikingNetworksTests", dependencies: ["SpikingNetworks", "Tensors"],
            path: "Tests/SpikingNetworksTests", swiftSettings: strictness),
        .testTarget(
            name: "SpikeDataTests",
            dependencies: ["SpikeData", "Substrate", "Tensors", "CZlib", crypto],
            path: "Tests/SpikeDataTests", swiftSettings: strictness),
        .testTarget(
            name: "ChipEmulatorTests", dependencies: ["ChipEmulator", "Settings", "Substrate"],
            path: "Tests/ChipEmulatorTests", swiftSettings: strictness),
        .testTarget(
            name: "WireProtocolTests", dependencies: ["WireProtocol", "Substrate"],
            path: "Tests/WireProtocolTests", swiftSettings: strictness),
        .testTarget(
            name: "ZeroMQDriverTests", dependencies: ["DeviceTransport", "LinkContract", "ZeroMQDriver"],
            path: "Tests/ZeroMQDriverTests", swiftSettings: strictness),
        .target(
            name: "LinkContract", dependencies: ["DeviceTransport", "WireProtocol"], path: "Tests/LinkContract",
            swiftSettings: edge),
        .testTarget(
            name: "DriverContractTests",
            dependencies: ["DeviceTransport", "LinkContract", "StreamDriver", "WireProtocol", "ZeroMQDriver"],
            path: "Tests/DriverContractTests", swiftSettings: strictness),
        .testTarget(
            name: "USBDriverTests",
            dependencies: [
                // Linked for the sanitizer, in the tests of the whole package.
                "CThreadSanitizer",
                "CMockUSB", "ChipEmulator", "DeviceClient", "DeviceServer", "DeviceTransport", "InTheLoop",
                "LinkContract", "ProtocolConformance",
                "SpikeData", "SpikingNetworks", "StreamDriver", "Substrate", "BoardEmulator", "USBDriver",
                "WireProtocol",
                "ZeroMQDriver",
                logging,
            ],
            path: "Tests/USBDriverTests", swiftSettings: strictness,
            // Before the C library in the order of search, so that libusb's calls reach the emulated bus. It holds for
            // the tests of the whole package, and passes everything through while no bus is there.
            linkerSettings: [.linkedLibrary("umockdev-preload")]),
        .testTarget(
            name: "InTheLoopTests",
            dependencies: [
                "InTheLoop", "Settings", "SpikingNetworks", "SpikeData", "Substrate", "Tensors",
                "ChipEmulator",
            ],
            path: "Tests/InTheLoopTests", swiftSettings: strictness),
        .testTarget(
            name: "DeviceServerTests",
            dependencies: [
                "DeviceServer", "DeviceClient", "DeviceTransport", "Substrate", "WireProtocol",
                "ZeroMQDriver", logging,
            ],
            path: "Tests/DeviceServerTests", swiftSettings: strictness),
        .testTarget(
            name: "BoardEmulatorTests",
            dependencies: [
                "BoardEmulator", "ChipEmulator", "DeviceClient", "DeviceServer", "DeviceTransport", "Substrate",
                "WireProtocol", logging,
            ],
            path: "Tests/BoardEmulatorTests", swiftSettings: strictness),
        .testTarget(
            name: "ProtocolConformanceTests",
            dependencies: [
                "ConformanceCLI", "ProtocolConformance", "Mutants", "ChipEmulator", "DeviceClient", "DeviceTransport",
                "SimulatorDaemon", "Substrate", "WireFuzzing", "WireProtocol", "ZeroMQDriver",
            ],
            path: "Tests/ProtocolConformanceTests", swiftSettings: strictness),
        .testTarget(
            name: "DaemonTests",
            dependencies: [
                "ChipEmulator", "DeviceClient", "DeviceLinks", "DeviceTransport", "InTheLoop", "SimulatorDaemon",
                "StreamDriver", "Substrate", "WireProtocol", "ZeroMQDriver",
            ],
            path: "Tests/DaemonTests", swiftSettings: strictness),
        .testTarget(
            name: "TrainerCLITests",
            dependencies: ["TrainerCLI", "Charts", "InTheLoop", "SpikeData", "Substrate"],
            path: "Tests/TrainerCLITests", exclude: ["Help"], swiftSettings: strictness),
        .testTarget(
            name: "BenchmarksTests", dependencies: ["Benchmarks"], path: "Tests/BenchmarksTests",
            swiftSettings: strictness),
        .testTarget(name: "PackageTests", path: "Tests/PackageTests", swiftSettings: strictness),
    ],
    swiftLanguageModes: [.v6]
)

if let fuzzingLibrary {
    package.targets.append(
        .executableTarget(
            name: "Fuzzer", dependencies: ["WireFuzzing"], path: "Tests/Fuzz/Fuzzer",
            swiftSettings: [.unsafeFlags(["-parse-as-library"])],
            linkerSettings: [.unsafeFlags([fuzzingLibrary]), .linkedLibrary("stdc++"), .linkedLibrary("m")]))
}
