import BoardEmulator
import CMockUSB
import DeviceTransport
import Foundation
import Testing
import USBDriver

extension USBDriverTests {
    /// A board that is pulled out at every state of a transfer, and put in again.
    @Suite struct UnplugTests {
        /// What is under way when the board is pulled out.
        private enum Moment: Int, CaseIterable {
            case waiting, sending, held, halfReceived, received, asking, opening, closing
        }

        @Test func everyCutIsNoticedAtOnceAndLeavesNothing() throws {
            let environment = ProcessInfo.processInfo.environment
            let cuts =
                environment["VOLLEY_CUTS"].flatMap { Int($0) } ?? (environment["VOLLEY_CAMPAIGN"] == nil ? 200 : 10_000)
            let bus = try TestBus()
            let echo = EchoBoard()
            defer { echo.end() }
            // Once before counting, since libraries keep what they allocate first.
            try cut(.waiting, on: bus, echo, number: 0)
            let (descriptors, memory, heap) = (openDescriptors(), residentKilobytes(), mock_heap_bytes())
            let kinds = descriptorTargets()
            var slowest = (notice: 0.0, teardown: 0.0)
            for number in 1...cuts {
                let moment = Moment.allCases[number % Moment.allCases.count]
                let times = try cut(moment, on: bus, echo, number: number)
                slowest = (max(slowest.notice, times.notice), max(slowest.teardown, times.teardown))
                #expect(times.notice < 1, "cut \(number), \(moment): noticed after \(times.notice) s")
                #expect(times.teardown < 2, "cut \(number), \(moment): teardown took \(times.teardown) s")
            }
            let left = USBResources.current
            #expect(
                left.contexts == 0 && left.handles == 0 && left.transfers == 0 && left.abandonedContexts == 0, "\(left)"
            )
            // The emulated bus ends its connections on threads of its own, and tests of other suites open some for
            // seconds.
            let limit = ContinuousClock.now + .seconds(30)
            while openDescriptors() > descriptors, ContinuousClock.now < limit { usleep(10_000) }
            #expect(
                openDescriptors() <= descriptors,
                "\(openDescriptors() - descriptors) leaked: \(descriptorTargets()), before: \(kinds)")
            // What the emulated bus and libraries keep is far less than the smallest thing that the driver has for each link.
            let grown = Int(mock_heap_bytes()) - Int(heap)
            #expect(grown < 262_144 + 512 * cuts, "\(grown) bytes more of the heap are in use after \(cuts) cuts")
            if cuts > 200 {
                print(
                    """
                    \(cuts) cuts: slowest notice \(slowest.notice) s, slowest teardown \(slowest.teardown) s; left: \(left); \
                    descriptors \(openDescriptors() - descriptors) more, \
                    memory \(residentKilobytes() - memory) KiB more than \(memory) KiB, \
                    of the heap in use \(grown / 1024) KiB more than \(heap / 1024) KiB
                    """)
            }
        }

        /// Opens a link, brings it to the moment, pulls the board out, and tells how long the driver took.
        @discardableResult
        private func cut(
            _ moment: Moment, on bus: TestBus, _ echo: EchoBoard, number: Int
        ) throws -> (notice: Double, teardown: Double) {
            // Nobody else has the bus open, but for moments in which the board goes while the link begins or ends.
            let board = try bus.plug(echo.function, announcing: true)
            if moment == .opening {
                // At any request of the opening.
                let cutter = Thread {
                    usleep(UInt32(number * 97 % 12_000))
                    board.unplug()
                }
                cutter.start()
                let time = seconds {
                    do throws(TransportError) {
                        var link = try USBTransport(connecting: USBSelection(), patience: .zero)
                        while (try? link.receive(within: .milliseconds(10))) != nil {}
                        link.close()
                    } catch {
                        #expect(error.code == .cannotConnect)
                    }
                }
                while !cutter.isFinished { usleep(100) }
                return (0, time)
            }
            var link = try USBTransport(connecting: USBSelection(), patience: .zero)
            try link.send(pattern(100, seed: number))
            #expect(try link.receive(within: .seconds(5)) == pattern(100, seed: number), "cut \(number)")
            switch moment {
            case .waiting, .opening, .closing: break
            case .sending: for _ in 0..<3 { try link.send(pattern(20_000)) }
            case .held:
                board.function.inject(.holdOut)
                for _ in 0..<3 { try link.send(pattern(20_000)) }
            case .halfReceived:
                board.function.inject(.shortIn(0))
                board.function.inject(.holdIn)
                try link.send(pattern(200_000))
            case .received:
                try link.send(pattern(600))
                usleep(3_000)
            case .asking: board.function.inject(.holdControl)
            }
            if moment == .asking {
                let cutter = Thread {
                    usleep(2_000)
                    board.unplug()
                }
                cutter.start()
                let error = #expect(throws: TransportError.self) { _ = try link.linkStatus() }
                #expect(error?.code == .peerGone)
                while !cutter.isFinished { usleep(100) }
            } else {
                usleep(UInt32(number * 61 % 1_500))
                if moment != .closing { board.unplug(announcing: true) }
            }
            var notice = 0.0
            if moment == .closing {
                let cutter = Thread { board.unplug() }
                cutter.start()
                let teardown = secondsToClose(link)
                while !cutter.isFinished { usleep(100) }
                return (0, teardown)
            }
            notice = seconds {
                let error = #expect(throws: TransportError.self) {
                    while try link.receive(within: .seconds(3)) != nil {}
                }
                #expect(error?.code == .peerGone, "cut \(number), \(moment): \(String(describing: error))")
            }
            #expect(throws: TransportError.self) { try link.send(pattern(64)) }
            return (notice, secondsToClose(link))
        }

        private func openDescriptors() -> Int {
            (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count) ?? 0
        }

        /// What the open descriptors are, each kind with its number.
        private func descriptorTargets() -> [String: Int] {
            let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
            return names.reduce(into: [:]) { counts, name in
                let target =
                    (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(name)")) ?? "?"
                counts[String(target.prefix { $0 != "[" }), default: 0] += 1
            }
        }

        private func residentKilobytes() -> Int {
            let pages = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8))?.split(separator: " ")
            return (pages?.dropFirst().first.flatMap { Int($0) } ?? 0) * 4
        }
    }
}
