import DeviceServer
import Foundation
import Logging
import Synchronization
import Testing

@Suite struct FencingTokensTests {
    /// A moment at which all starts of a test happen, so that the clock tells none of them apart.
    private static let now = 1_795_000_000
    private let folder = FileManager.default.temporaryDirectory.appending(path: "volley-tokens-\(UUID().uuidString)")
    private var file: String { folder.appending(path: "deep/lease-tokens").path }

    @Test(arguments: [0, 1, 64, 65, 66, 1_000, 100_000])
    func aStartBeginsAboveEveryTokenOfEarlierOnes(leases: Int) {
        defer { try? FileManager.default.removeItem(at: folder) }
        var last: UInt32 = 0
        // Nothing is said at the end of a start: it may have been killed.
        for _ in 0..<4 {
            var tokens = FencingTokens(file: file, now: Self.now, logger: Logger(label: "test"))
            #expect(tokens.first > last)
            last = tokens.first - 1
            for _ in 0..<leases {
                last += 1
                tokens.note(last)
            }
        }
    }

    @Test func devicesThatShareTheFileDoNotSetEachOtherBack() {
        defer { try? FileManager.default.removeItem(at: folder) }
        var busy = FencingTokens(file: file, now: Self.now, logger: Logger(label: "test"))
        let idle = FencingTokens(file: file, now: Self.now, logger: Logger(label: "test"))
        let last = busy.first + 500
        for token in busy.first...last { busy.note(token) }
        #expect(idle.first > busy.first)
        for _ in 0..<2 {
            #expect(FencingTokens(file: file, now: Self.now, logger: Logger(label: "test")).first > last)
        }
    }

    @Test func theClockTellsStartsApartWhereTheFileIsLost() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let first = FencingTokens(file: file, now: Self.now, logger: Logger(label: "test")).first
        try FileManager.default.removeItem(at: folder)
        #expect(FencingTokens(file: file, now: Self.now + 1, logger: Logger(label: "test")).first > first)
        #expect(FencingTokens(file: nil, now: Self.now + 1, logger: Logger(label: "test")).first > first)
    }

    @Test(arguments: ["many", "-1", "4294967295", "12 13"])
    func aFileThatHoldsNoNumberIsNamedAndLeftAlone(text: String) throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let url = URL(filePath: file)
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: url)
        let log = TestLog()
        var tokens = FencingTokens(file: file, now: Self.now, logger: log.logger)
        for token in tokens.first...tokens.first + 1_000 { tokens.note(token) }
        #expect(log.lines.count == 1)
        #expect(log.lines.first?.contains("\(file), cannot be used: it does not hold a number") == true)
        #expect(try String(contentsOf: url, encoding: .utf8) == text)
    }

    @Test func aFolderThatCannotBeMadeIsSaidOnce() throws {
        try Data().write(to: folder)
        defer { try? FileManager.default.removeItem(at: folder) }
        let log = TestLog()
        var tokens = FencingTokens(file: file, now: Self.now, logger: log.logger)
        tokens.note(tokens.first + 1_000)
        #expect(log.lines.count == 1)
        #expect(log.lines.first?.contains("VOLLEY_STATE") == true)
    }

    @Test func theUsualFileFollowsTheEnvironment() {
        func path(_ environment: [String: String]) -> String? {
            DeviceServerOptions.tokenFile(environment: environment)
        }
        #expect(path(["VOLLEY_STATE": "/a", "XDG_STATE_HOME": "/b", "HOME": "/c"]) == "/a/lease-tokens")
        #expect(path(["VOLLEY_STATE": "", "XDG_STATE_HOME": "/b"]) == "/b/volley/lease-tokens")
        #expect(path(["HOME": "/c"]) == "/c/.local/state/volley/lease-tokens")
        #expect(path([:]) == nil)
    }
}

/// Keeps what is logged.
private final class TestLog: Sendable {
    private let kept = Mutex<[String]>([])

    var lines: [String] { kept.withLock { $0 } }

    var logger: Logger { Logger(label: "test") { _ in Handler(log: self) } }

    private struct Handler: LogHandler {
        let log: TestLog
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            log.kept.withLock { $0.append(event.message.description) }
        }
    }
}
