import Foundation
import FoundationNetworking
import Synchronization

/// One request for the rest of a file, whose bytes go to a part file as they come.
final class HTTPDownload: NSObject, URLSessionDataDelegate, Sendable {
    /// How a request ended, when nothing was wrong with our own side.
    enum Outcome: Sendable, Equatable {
        /// The server sent all it wanted to send.
        case ended
        /// The server refuses the range; the part must be thrown away.
        case rangeRefused
        /// Trying again may help: the connection broke, or the server is busy.
        case interrupted(String)
        /// Trying again here will not help.
        case refused(String)
    }

    fileprivate struct State: ~Copyable {
        var part: PartFile?
        var expected: Int
        var received: Int
        var outcome: Outcome?
        var failure: DataError?
        var continuation: CheckedContinuation<Void, Never>?
    }

    private let state: Mutex<State>
    private let progress: @Sendable (Int) -> Void

    private init(part: consuming PartFile, expected: Int, progress: @escaping @Sendable (Int) -> Void) {
        let count = part.count
        state = Mutex(State(part: consume part, expected: expected, received: count))
        self.progress = progress
    }

    /// Requests what is missing of a file, and appends it to its part file.
    ///
    /// - Parameters:
    ///   - url: where it is.
    ///   - path: where the finished file goes.
    ///   - expected: its length; a longer answer is refused.
    ///   - idleLimit: seconds without a byte after which the request is given up.
    ///   - progress: told the number of bytes that are there, from any thread.
    /// - Throws: what is wrong with our own side: `diskFull`, `unreadable`.
    static func run(
        _ url: URL, to path: String, expected: Int, idleLimit: Double,
        progress: @escaping @Sendable (Int) -> Void
    ) async throws(DataError) -> Outcome {
        let part = try PartFile(for: path)
        let start = part.count
        let download = HTTPDownload(part: consume part, expected: expected, progress: progress)
        var request = URLRequest(url: url)
        request.setValue("identity", forHTTPHeaderField: "Accept-Encoding")
        if start > 0 { request.setValue("bytes=\(start)-", forHTTPHeaderField: "Range") }
        let configuration = URLSessionConfiguration.ephemeral
        configuration.urlCache = nil
        configuration.timeoutIntervalForRequest = idleLimit
        let session = URLSession(configuration: configuration, delegate: download, delegateQueue: nil)
        let task = session.dataTask(with: request)
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                download.state.withLock { $0.continuation = continuation }
                task.resume()
            }
        } onCancel: {
            task.cancel()
        }
        session.finishTasksAndInvalidate()
        let (outcome, failure) = download.state.withLock { state in
            // Closes the file here and now: the session may keep its delegate for a while.
            state.part = nil
            return (state.outcome ?? .ended, state.failure)
        }
        if let failure { throw failure }
        return outcome
    }

    func urlSession(
        _ session: URLSession, dataTask: URLSessionDataTask, didReceive response: URLResponse,
        completionHandler: @escaping (URLSession.ResponseDisposition) -> Void
    ) {
        let proceeds = state.withLock { $0.accept(response) }
        completionHandler(proceeds ? .allow : .cancel)
    }

    func urlSession(_ session: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) {
        let received = state.withLock { $0.take(data) }
        if let received { progress(received) } else { dataTask.cancel() }
    }

    func urlSession(
        _ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?
    ) {
        let continuation = state.withLock { state in
            if let error, state.outcome == nil, state.failure == nil {
                state.outcome = Self.outcome(of: error)
            }
            return state.continuation.take()
        }
        continuation?.resume()
    }

    /// Whether a failure may pass, and its name.
    private static func outcome(of error: any Error) -> Outcome {
        switch (error as? URLError)?.code {
        case .cannotFindHost, .dnsLookupFailed: .interrupted("the name of the server is not known")
        case .cannotConnectToHost: .interrupted("nobody listens there")
        case .timedOut: .interrupted("no answer in time")
        case .networkConnectionLost: .interrupted("the connection broke")
        case .notConnectedToInternet: .interrupted("there is no network")
        case .badURL, .unsupportedURL: .refused("that is not an address")
        case .serverCertificateUntrusted, .secureConnectionFailed:
            .refused("the server's certificate is not trusted")
        default: .interrupted(error.localizedDescription)
        }
    }
}

extension HTTPDownload.State {
    /// Looks at the head of an answer; `false` ends the request, with `outcome` set.
    mutating func accept(_ response: URLResponse) -> Bool {
        guard let http = response as? HTTPURLResponse else { return true }
        switch http.statusCode {
        case 206:
            let range = http.value(forHTTPHeaderField: "Content-Range") ?? ""
            if range.hasPrefix("bytes \(received)-") { return true }
            outcome = .refused("it sent \"\(range)\" when asked for what follows byte \(received)")
        case 200:
            // The whole file, whatever was asked for.
            received = 0
            do throws(DataError) {
                try part?.clear()
                return true
            } catch {
                failure = error
            }
        case 416: outcome = .rangeRefused
        case 404, 410: outcome = .refused("not found there (HTTP \(http.statusCode))")
        case 408, 429, 500...: outcome = .interrupted("the server is busy (HTTP \(http.statusCode))")
        default: outcome = .refused("HTTP \(http.statusCode)")
        }
        return false
    }

    /// Writes bytes; the number that is there, or `nil` to end the request.
    mutating func take(_ data: Data) -> Int? {
        guard outcome == nil, failure == nil else { return nil }
        guard received + data.count <= expected else {
            outcome = .refused("it sends more than the \(expected) bytes that the file has")
            return nil
        }
        do throws(DataError) {
            try part?.append(data)
            received += data.count
            return received
        } catch {
            failure = error
            return nil
        }
    }
}
