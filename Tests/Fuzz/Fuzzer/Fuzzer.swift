import Foundation
import WireFuzzing

/// What libFuzzer brings: its loop without its `main`.
@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
    _ count: UnsafeMutablePointer<Int32>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
    _ take: @convention(c) (UnsafePointer<UInt8>?, Int) -> Int32
) -> Int32

/// `Fuzzer SUBJECT [LIBFUZZER'S OPTIONS AND FOLDERS]`, `Fuzzer list`, `Fuzzer seeds FOLDER`, `Fuzzer try SUBJECT FILE...`.
@main enum Fuzzer {
    /// The subject, and the longest time that an input took so far.
    nonisolated(unsafe) private static var subject = FuzzSubject.all[0]
    nonisolated(unsafe) private static var longest = Duration.zero
    nonisolated(unsafe) private static var count = 0

    static func main() throws {
        let words = Array(CommandLine.arguments.dropFirst())
        switch words.first {
        case "list": for subject in FuzzSubject.all { print(subject.name) }
        case "seeds": try writeSeeds(to: URL(filePath: words.dropFirst().first ?? "."))
        case "try": try tryFiles(words.dropFirst())
        case let name?:
            guard let found = FuzzSubject.named(name) else { return usage() }
            subject = found
            fuzz(words.dropFirst())
        case nil: usage()
        }
    }

    private static func usage() {
        print("Fuzzer list | seeds FOLDER | try SUBJECT FILE... | SUBJECT [libFuzzer's options and folders]")
        exit(2)
    }

    private static func fuzz(_ rest: ArraySlice<String>) {
        atexit {
            FileHandle.standardError.write(
                Data(
                    "\(Fuzzer.subject.name): \(Fuzzer.count) inputs, the slowest took \(Fuzzer.longest) of CPU time\n"
                        .utf8))
        }
        var arguments = ([CommandLine.arguments[0]] + rest).map { strdup($0) } + [nil]
        var count = Int32(arguments.count - 1)
        arguments.withUnsafeMutableBufferPointer { buffer in
            guard var first = buffer.baseAddress else { return }
            exit(
                runDriver(&count, &first) { bytes, size in
                    Fuzzer.take(Array(UnsafeBufferPointer(start: bytes, count: size)))
                    return 0
                })
        }
    }

    private static func take(_ input: [UInt8]) {
        let time = subject.time(input)
        count += 1
        guard time > longest else { return }
        longest = time
        if time >= FuzzSubject.limit {
            fatalError("\(subject.name): an input took \(time) of CPU time; the limit is \(FuzzSubject.limit)")
        }
    }

    /// A folder of seeds for each subject, from the frozen vectors.
    private static func writeSeeds(to folder: URL) throws {
        for subject in FuzzSubject.all {
            let place = folder.appending(path: subject.name)
            try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
            for (number, seed) in try FuzzSeeds.of(subject).enumerated() {
                try Data(seed).write(to: place.appending(path: "seed-\(number)"))
            }
        }
    }

    /// Runs files, bytes as libFuzzer leaves them or digits as they are kept, and prints how long each takes and its digits.
    private static func tryFiles(_ words: ArraySlice<String>) throws {
        guard let subject = words.first.flatMap(FuzzSubject.named) else { return usage() }
        for file in words.dropFirst() {
            let data = [UInt8](try Data(contentsOf: URL(filePath: file)))
            let bytes = file.hasSuffix(".hex") ? FuzzSeeds.bytes(String(decoding: data, as: UTF8.self)) : data
            print(FuzzSeeds.text(bytes))
            print("\(file): \(bytes.count) bytes, \(subject.time(bytes)) of CPU time")
        }
    }
}
