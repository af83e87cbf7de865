import Crypto
import Glibc
import SpikeData
import Synchronization
import Testing

@Suite struct DataFetchTests {
    private let folder = TemporaryFolder()
    private let content = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 * 7 + $0 >> 8) }

    @Test func aFileIsFetchedCheckedAndPutInPlace() async throws {
        let server = LocalServer.file(content)
        let seen = Mutex<[DataFetch.Progress]>([])
        let paths = try await fetch(server).fetch(entry) { step in
            seen.withLock { $0.append(step) }
        }
        #expect(paths == ["\(folder.path)/toy/f.bin"])
        #expect(stored() == content)
        #expect(access("\(folder.path)/toy/f.bin.part", F_OK) != 0)
        let last = seen.withLock { $0.last }
        #expect(last?.received == content.count)
        #expect(last?.total == content.count)
    }

    @Test func aFileThatIsThereIsNotFetchedAgain() async throws {
        let server = LocalServer.file(content)
        folder.write(content, to: "toy/f.bin")
        _ = try await fetch(server).fetch(entry)
        #expect(server.requests.isEmpty)
    }

    @Test func aBrokenConnectionIsResumedWhereItBroke() async throws {
        let content = content
        let server = LocalServer { request, number in
            var reply = LocalServer.reply(content, request)
            if number < 2 { reply.cutAfter = 100_000 }
            return reply
        }
        _ = try await fetch(server).fetch(entry)
        #expect(stored() == content)
        #expect(server.requests.map(\.start) == [nil, 100_000, 200_000])
    }

    @Test func aPartOfAnEarlierFetchIsContinued() async throws {
        let server = LocalServer.file(content)
        folder.write(Array(content[..<12_345]), to: "toy/f.bin.part")
        _ = try await fetch(server).fetch(entry)
        #expect(stored() == content)
        #expect(server.requests.map(\.start) == [12_345])
    }

    @Test func aServerWithoutRangesIsReadFromTheStart() async throws {
        let content = content
        let server = LocalServer { _, _ in LocalServer.Reply(body: content) }
        folder.write([1, 2, 3], to: "toy/f.bin.part")
        _ = try await fetch(server).fetch(entry)
        #expect(stored() == content)
    }

    @Test(arguments: [300_000, 300_001])
    func aWrongWholePartIsThrownAway(count: Int) async throws {
        let server = LocalServer.file(content)
        folder.write([UInt8](repeating: 0, count: count), to: "toy/f.bin.part")
        _ = try await fetch(server).fetch(entry)
        #expect(stored() == content)
        #expect(server.requests.map(\.start) == [nil])
    }

    @Test func wrongBytesAreRefusedWithTheirChecksum() async {
        var wrong = content
        wrong[17] ^= 1
        let server = LocalServer.file(wrong)
        await expect(fetch(server), .checksum, "sent another file (SHA-256", entry.files[0].sha256)
        #expect(access("\(folder.path)/toy/f.bin", F_OK) != 0)
        #expect(server.requests.count == 1)
    }

    @Test func moreBytesThanTheFileHasAreRefused() async {
        let server = LocalServer.file(content + [1])
        await expect(fetch(server), .network, "sends more than the 300000 bytes")
    }

    @Test func theNextMirrorIsTriedWhenOneHasNoFile() async throws {
        let empty = LocalServer { _, _ in LocalServer.Reply(status: 404) }
        let good = LocalServer.file(content)
        _ = try await fetch(empty, good).fetch(entry)
        #expect(stored() == content)
        #expect(empty.requests.map(\.path) == ["/f.bin"])
    }

    @Test func notFoundAnywhereNamesEachAddress() async {
        let one = LocalServer { _, _ in LocalServer.Reply(status: 404) }
        let two = LocalServer { _, _ in LocalServer.Reply(status: 403) }
        await expect(
            fetch(one, two), .network, "\(one.address)/f.bin: not found there (HTTP 404)",
            "\(two.address)/f.bin: HTTP 403", "--mirror")
    }

    @Test func aBusyServerIsAskedAgainAndGivenUpInTheEnd() async throws {
        let content = content
        let recovering = LocalServer { request, number in
            number < 2 ? LocalServer.Reply(status: 503) : LocalServer.reply(content, request)
        }
        _ = try await fetch(recovering).fetch(entry)
        #expect(recovering.requests.count == 3)
        unlink("\(folder.path)/toy/f.bin")
        let busy = LocalServer { _, _ in LocalServer.Reply(status: 503) }
        await expect(fetch(busy), .network, "busy (HTTP 503)")
        #expect(busy.requests.count == 4)
    }

    @Test func nobodyListeningIsSaidAtOnce() async {
        let address = LocalServer.file([]).address
        let fetch = DataFetch(folder: folder.path, mirrors: [address], attempts: 2, pause: .zero)
        await expect(fetch, .network, "nobody listens there")
    }

    @Test func aServerThatFallsSilentIsGivenUp() async {
        let server = LocalServer { _, _ in
            sleep(3)
            return LocalServer.Reply(status: 503)
        }
        let fetch = DataFetch(
            folder: folder.path, mirrors: [server.address], attempts: 1, idleLimit: 1)
        await expect(fetch, .network, "no answer in time")
    }

    @Test func aFullDiskIsSaidAndNotTriedAgain() async {
        let server = LocalServer.file(content)
        mkdir("\(folder.path)/toy", 0o755)
        symlink("/dev/full", "\(folder.path)/toy/f.bin.part")
        await expect(fetch(server), .diskFull, "No space left on device", "f.bin.part")
        #expect(server.requests.count == 1)
    }

    @Test func checkTellsBothSums() throws {
        let good = folder.write(content, to: "good")
        try DataFetch.check(entry.files[0], at: good)
        let bad = folder.write([1], to: "bad")
        let error = #expect(throws: DataError.self) {
            try DataFetch.check(entry.files[0], at: bad)
        }
        #expect(error?.code == .checksum)
        #expect(
            "\(error, default: "")".contains(
                "4bf5122f344554c53bde2ebb8cd2b7e3d1600ad631c385a5d7cce23c7785459a"))
    }

    private var entry: DataCatalog.Entry {
        let hash = SHA256.hash(data: content)
            .map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        let file = DataCatalog.File(name: "f.bin", byteCount: content.count, sha256: hash)
        return DataCatalog.Entry(
            name: "toy", summary: "", licence: "", files: [file], mirrors: [], content: .yinYang)
    }

    private func fetch(_ servers: LocalServer...) -> DataFetch {
        DataFetch(folder: folder.path, mirrors: servers.map(\.address), pause: .milliseconds(1))
    }

    private func stored() -> [UInt8] {
        guard let file = fopen("\(folder.path)/toy/f.bin", "rb") else { return [] }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: content.count + 1)
        let count = fread(&bytes, 1, bytes.count, file)
        return Array(bytes[..<count])
    }

    private func expect(
        _ fetch: DataFetch, _ code: DataError.Code, _ words: String...,
        location: SourceLocation = #_sourceLocation
    ) async {
        let error = await #expect(throws: DataError.self, sourceLocation: location) {
            _ = try await fetch.fetch(entry)
        }
        #expect(error?.code == code, sourceLocation: location)
        for word in words {
            let text = "\(error, default: "")"
            #expect(text.contains(word), "\(text)", sourceLocation: location)
        }
    }
}
