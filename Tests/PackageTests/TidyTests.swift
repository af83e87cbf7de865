import Testing

/// Rules of `CONTRIBUTING.md` that a machine can keep.
@Suite struct TidyTests {
    /// A target: its folder, and the modules of this package and of others that it may import.
    private struct Target {
        var folder: String
        var modules: Set<String>
    }

    /// The arrows of the architecture. Tests may import what they like.
    private static let targets: [String: Target] = [
        "Tensors": Target(folder: "Sources/Tensors", modules: []),
        "Charts": Target(folder: "Sources/Charts", modules: []),
        "Crews": Target(folder: "Sources/Crews", modules: []),
        "Substrate": Target(folder: "Sources/Substrate", modules: []),
        "DeviceTransport": Target(folder: "drivers/DeviceTransport", modules: []),
        "Settings": Target(folder: "Sources/Settings", modules: ["Yams"]),
        "SpikingNetworks": Target(
            folder: "Sources/SpikingNetworks", modules: ["Crews", "Tensors", "CTrainingKernels"]),
        "SpikeData": Target(
            folder: "Sources/SpikeData", modules: ["Tensors", "Substrate", "CZlib", "Crypto"]),
        "ChipEmulator": Target(
            folder: "simulator-daemon/ChipEmulator", modules: ["Crews", "Settings", "Substrate", "CChipKernels"]),
        "WireProtocol": Target(
            folder: "protocol/WireProtocol", modules: ["CWireKernels", "Substrate", "SwiftProtobuf", "Crypto"]),
        "ZeroMQDriver": Target(
            folder: "drivers/ZeroMQDriver", modules: ["DeviceTransport", "WireProtocol", "CZeroMQ"]),
        "StreamDriver": Target(
            folder: "drivers/StreamDriver", modules: ["DeviceTransport", "WireProtocol"]),
        "DeviceLinks": Target(
            folder: "drivers/DeviceLinks",
            modules: ["DeviceTransport", "StreamDriver", "USBDriver", "ZeroMQDriver"]),
        "USBDriver": Target(
            folder: "drivers/USBDriver", modules: ["DeviceTransport", "CLibUSB"]),
        "InTheLoop": Target(
            folder: "Sources/InTheLoop",
            modules: ["Tensors", "Settings", "Substrate", "SpikingNetworks", "SpikeData", "Crypto"]),
        "DeviceClient": Target(
            folder: "drivers/DeviceClient",
            modules: ["Substrate", "WireProtocol", "DeviceTransport", "StreamDriver"]),
        "DeviceServer": Target(
            folder: "simulator-daemon/DeviceServer",
            modules: ["Substrate", "ChipEmulator", "WireProtocol", "DeviceTransport", "Logging"]),
        "ProtocolConformance": Target(
            folder: "protocol/ProtocolConformance", modules: ["Substrate", "WireProtocol", "DeviceTransport"]),
        "ConformanceCLI": Target(
            folder: "protocol/ConformanceCLI",
            modules: [
                "ProtocolConformance", "Mutants", "DeviceLinks", "DeviceTransport", "ZeroMQDriver", "ArgumentParser",
            ]),
        "Mutants": Target(
            folder: "simulator-daemon/Mutants", modules: ["Substrate", "WireProtocol", "DeviceTransport"]),
        "BoardEmulator": Target(folder: "simulator-daemon/BoardEmulator", modules: ["DeviceTransport"]),
        "TrainerCLI": Target(
            folder: "Sources/TrainerCLI",
            modules: [
                "Charts", "InTheLoop", "Settings", "SpikingNetworks", "SpikeData", "Substrate", "Tensors",
                "DeviceClient", "DeviceLinks", "DeviceTransport", "ArgumentParser",
            ]),
        "SimulatorDaemon": Target(
            folder: "simulator-daemon/SimulatorDaemon",
            modules: [
                "DeviceServer", "ChipEmulator", "Mutants", "Settings", "Substrate", "DeviceTransport",
                "StreamDriver", "BoardEmulator", "ZeroMQDriver", "ArgumentParser", "Logging",
            ]),
    ]

    /// Modules of the toolchain that any target may import.
    private static let system: Set<String> = ["Dispatch", "Glibc", "Synchronization"]

    /// Targets that get along without Foundation: values, kernels, and what has to run anywhere.
    private static let withoutFoundation: Set<String> = [
        "Tensors", "Charts", "Crews", "Substrate", "SpikingNetworks", "WireProtocol", "ChipEmulator", "DeviceTransport",
    ]

    private let tree: SourceTree

    init() throws {
        tree = try SourceTree()
    }

    @Test(arguments: targets.keys.sorted())
    func targetImportsOnlyWhatTheArchitectureGivesIt(name: String) throws {
        let target = try #require(Self.targets[name])
        var allowed = target.modules.union(Self.system)
        if !Self.withoutFoundation.contains(name) {
            allowed.formUnion(["Foundation", "FoundationNetworking"])
        }
        let files = tree.product.filter { $0.path.hasPrefix(target.folder + "/") }
        #expect(!files.isEmpty, "\(target.folder) has no sources")
        for file in files {
            let undeclared = Set(file.imports).subtracting(allowed).sorted()
            #expect(undeclared.isEmpty, "\(file.path) imports \(undeclared)")
        }
    }

    @Test func everySourceFileBelongsToATargetOfTheTable() {
        for file in tree.product {
            let owners = Self.targets.values.filter { file.path.hasPrefix($0.folder + "/") }
            #expect(owners.count == 1, "\(file.path)")
        }
    }

    @Test func noFileIsLongerThan600Lines() {
        for file in tree.files {
            #expect(file.lines.count <= 600, "\(file.path) has \(file.lines.count) lines")
        }
    }

    @Test func noModuleHasTheNameOfAType() throws {
        let kinds: Set<Substring> = ["struct", "class", "enum", "actor", "protocol", "typealias"]
        for file in tree.product {
            for line in file.lines {
                let words = line.split { !$0.isLetter && !$0.isNumber }
                for (kind, name) in zip(words, words.dropFirst()) where kinds.contains(kind) {
                    let isDeclaration = !line.contains("//")
                    #expect(
                        !(isDeclaration && Self.targets.keys.contains(String(name))),
                        "\(file.path): \(line)")
                }
            }
        }
    }

    @Test func cModulesAreImportedByTheirWrappersOnly() {
        for file in tree.product where !file.path.hasPrefix("drivers/") {
            let modules = file.imports.filter {
                $0.hasPrefix("C") && $0.dropFirst().first?.isUppercase == true
            }
            if modules.contains("CZlib") {
                #expect(file.name == "GzipFile.swift", "\(file.path) imports zlib")
            }
        }
    }

    @Test func unsafeMemoryStaysInDriversAndInWrappersOfCModules() {
        let words = ["Unsafe", "unsafeBitCast", "nonisolated(unsafe)", "@unchecked"]
        for file in tree.product where !file.path.hasPrefix("drivers/") {
            let isWrapper = file.imports.contains {
                ["CWireKernels", "CTrainingKernels", "CChipKernels", "CZlib"].contains($0)
            }
            guard !isWrapper else { continue }
            for (index, line) in file.lines.enumerated() {
                let code = line.trimmingPrefix { $0 == " " }
                guard !code.hasPrefix("//") else { continue }
                #expect(
                    !words.contains { code.contains($0) }, "\(file.path):\(index + 1): \(code)")
            }
        }
    }

    @Test func nothingIsLeftForLater() {
        // In two parts, or this file would find itself.
        let marks = ["TO" + "DO", "FIX" + "ME", "X" + "XX"]
        for file in tree.files {
            for (index, line) in file.lines.enumerated() {
                let words = line.split { !$0.isLetter }.map(String.init)
                #expect(
                    !marks.contains { words.contains($0) }, "\(file.path):\(index + 1): \(line)")
            }
        }
    }

    @Test func noPathOfAMachineIsWrittenDown() {
        let roots = ["/wo" + "rk/", "/ro" + "ot/", "/ho" + "me/", "/Us" + "ers/"]
        for file in tree.files {
            for (index, line) in file.lines.enumerated() {
                #expect(
                    !roots.contains { line.contains($0) }, "\(file.path):\(index + 1): \(line)")
            }
        }
    }

    @Test func testsUseTheirOwnFrameworkAndNoBackDoor() {
        for file in tree.files where file.path.hasSuffix(".swift") {
            #expect(!file.imports.contains("XC" + "Test"), "\(file.path)")
            #expect(!file.lines.contains { $0.hasPrefix("@test" + "able") }, "\(file.path)")
        }
    }
}
