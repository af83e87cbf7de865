import BoardEmulator
import CMockUSB
import DeviceTransport
import Foundation
import Testing
import USBDriver

extension USBDriverTests {
    /// Which board is opened, and what a user is told when none can be.
    @Suite struct OpeningTests {
        private func failure(
            _ selection: USBSelection, patience: Duration = .zero
        ) -> String {
            do {
                let link = try USBTransport(connecting: selection, patience: patience)
                link.close()
                Issue.record("a link was opened")
                return ""
            } catch {
                #expect(error.code == .cannotConnect)
                return error.detail
            }
        }

        @Test func boardsAreListedWithWhatTheyTell() throws {
            let bus = try TestBus()
            let first = try bus.plug(makeFunction(serial: 7))
            let second = try bus.plug(
                makeFunction(serial: 8) {
                    $0.vendor = 0xCAFE
                    $0.product = 0x4002
                    $0.productName = "Käfer"
                })
            let boards = try USBBoards.list()
            #expect(boards.map(\.serial) == ["7", "8"])
            #expect(boards.map(\.productName) == ["Volley chip emulator", "Käfer"])
            #expect(boards.map(\.uri.description) == ["usb:1209:0001/7", "usb:cafe:4002/8"])
            #expect(boards.map(\.bus) == [1, 1] && boards.map(\.address) == [1, 2])
            #expect(boards.allSatisfy { $0.problem == nil })
            let info = try #require(boards[0].info)
            #expect(
                info.majors == 1...1 && info.minor == 0 && info.frameLimit == 262_144 && info.controlLimit == 65_536)
            #expect(info.bootID == 0xB007 + 7 && info.serial == 7)
            #expect(USBResources.current.handles == 0 && USBResources.current.contexts == 0)
            withExtendedLifetime((first, second)) {}
        }

        @Test func aBoardIsChosenByNumbersAndSerial() throws {
            let bus = try TestBus()
            let plugged = try [7, 8, 9].map { serial in
                try bus.plug(makeFunction(serial: serial) { if serial == 9 { $0.product = 0x0002 } })
            }
            for (selection, serial) in [
                (USBSelection(serial: "8"), "8"), (USBSelection(vendor: 0x1209, product: 2), "9"),
                (USBSelection(vendor: 0x1209, product: 1, serial: "7"), "7"),
            ] {
                let link = try USBTransport(connecting: selection, patience: .zero)
                #expect(link.board.serial == serial)
                link.close()
            }
            let several = failure(USBSelection(vendor: 0x1209, product: 1), patience: .seconds(60))
            #expect(
                several == """
                    usb:1209:0001 means 2 boards: usb:1209:0001/7 "Volley chip emulator" (bus 1, device 1); \
                    usb:1209:0001/8 "Volley chip emulator" (bus 1, device 2). Add the serial: usb:VENDOR:PRODUCT/SERIAL
                    """)
            let none = failure(USBSelection(vendor: 0x1209, product: 1, serial: "70"))
            #expect(
                none.hasPrefix("no board is meant by usb:1209:0001/70, or it cannot be used. Seen: usb:1209:0001/7"))
            let uri = try DeviceURI("usb:1209:0002")
            let link = try USBTransport(connecting: uri, patience: .zero)
            #expect(link.board.product == 2)
            link.close()
            withExtendedLifetime(plugged) {}
        }

        @Test func anEmptyBusIsSaidToBe() throws {
            let bus = try TestBus()
            #expect(
                failure(USBSelection()) == """
                    no board found for usb:: 0 USB devices are there, none with an interface of class FF/56/01. \
                    Is the board plugged in and switched on?
                    """)
            withExtendedLifetime(bus) {}
        }

        @Test func aBoardThatIsPluggedInWhileTheHostTriesIsFound() throws {
            let bus = try TestBus()
            let echo = EchoBoard()
            defer { echo.end() }
            let plugging = Thread {
                Thread.sleep(forTimeInterval: 0.3)
                let board = try? bus.plug(echo.function)
                Thread.sleep(forTimeInterval: 2)
                withExtendedLifetime(board) {}
            }
            plugging.start()
            var link = try USBTransport(connecting: USBSelection(), patience: .seconds(5))
            try link.send(pattern(77))
            #expect(try link.receive(within: .seconds(1)) == pattern(77))
            link.close()
            while !plugging.isFinished { Thread.sleep(forTimeInterval: 0.01) }
        }

        @Test func aBoardOfAnotherVersionIsRefusedBeforeAnyTraffic() throws {
            let bus = try TestBus()
            let echo = EchoBoard {
                $0.lowestMajor = 2
                $0.highestMajor = 3
            }
            defer { echo.end() }
            let board = try bus.plug(echo.function)
            let begin = ContinuousClock.now
            let text = failure(USBSelection(), patience: .seconds(60))
            #expect(begin.duration(to: .now) < .seconds(2))
            #expect(
                text == """
                    usb:1209:0001/7 "Volley chip emulator" (bus 1, device 1) speaks version 2 to 3 of the protocol, this \
                    program version 1. Update whichever is older
                    """)
            #expect(echo.frameCount == 0)
            withExtendedLifetime(board) {}
        }

        @Test func aBoardThatTellsNonsenseOrNothingIsNamed() throws {
            let bus = try TestBus()
            let echo = EchoBoard { $0.lowestMajor = 2 }
            defer { echo.end() }
            var board: PluggedBoard? = try bus.plug(echo.function)
            #expect(failure(USBSelection()).contains("the board answers LINK_INFO with versions 2 to 1 (USB-007)"))
            board = nil
            let silent = EchoBoard()
            defer { silent.end() }
            board = try bus.plug(silent.function)
            silent.function.inject(.holdControl)
            let begin = ContinuousClock.now
            #expect(failure(USBSelection()).contains("LINK_INFO fails (USB-007): the board does not answer in time"))
            #expect(begin.duration(to: .now) < .seconds(3))
            silent.function.release()
            #expect(USBResources.current.transfers == 0)
            withExtendedLifetime(board) {}
        }

        @Test func aBoardThatAnotherProgramHasIsSaidToBeBusy() throws {
            let bus = try TestBus()
            let board = try bus.plug(makeFunction(serial: 7))
            board.refuseClaim(EBUSY)
            let text = failure(USBSelection(), patience: .milliseconds(300))
            #expect(text.hasPrefix("another program has usb:1209:0001/7"))
            #expect(text.contains("`sudo fuser -v /dev/bus/usb/001/001` tells which it is"))
            // It can be listed all the same, and opened when the other one leaves.
            #expect(try USBBoards.list().map(\.info?.serial) == [7])
            board.refuseClaim(0)
            try USBTransport(connecting: USBSelection(), patience: .zero).close()
        }

        @Test func memoryOfTheKernelIsCheckedBeforeTheBoardIsClaimed() throws {
            let bus = try TestBus()
            let board = try bus.plug(makeFunction(serial: 7))
            try bus.write("4\n", to: "/sys/module/usbcore/parameters/usbfs_memory_mb")
            let text = failure(USBSelection(), patience: .seconds(60))
            #expect(
                text == """
                    a link over USB needs up to \(USBLimits.kernelBytes) bytes of the kernel's memory for transfers, and the \
                    limit for all USB programs together is 4194304 bytes (4 MiB in \
                    /sys/module/usbcore/parameters/usbfs_memory_mb). Raise it: echo 64 | sudo tee \
                    /sys/module/usbcore/parameters/usbfs_memory_mb
                    """)
            for enough in ["0\n", "16\n"] {
                try bus.write(enough, to: "/sys/module/usbcore/parameters/usbfs_memory_mb")
                try USBTransport(connecting: USBSelection(), patience: .zero).close()
            }
            // Others may have used it up.
            board.refuseBulk(ENOMEM)
            #expect(failure(USBSelection()).contains("the kernel has no memory left for transfers. Raise it: echo 64"))
        }

        @Test func aBoardThatTheUserMayNotOpenComesWithTheRule() throws {
            let bus = try TestBus()
            let board = try bus.plug(makeFunction(serial: 7))
            // All but the board's own file, whatever rights the process gave its new files a moment ago: a listener on
            // ipc takes them away while it makes its socket. Whoever listens for devices makes one in the bus's folder.
            try bus.letEveryoneRead()
            chmod(board.path, 0o600)
            chmod(bus.root, 0o777)
            chmod(bus.root + "/ioctl/dev/bus/usb/001/001", 0o777)
            mock_act_as_user(65_534)
            defer { mock_act_as_user(geteuid()) }
            let list = try USBBoards.list()
            let problem = try #require(list.first?.problem)
            #expect(list.count == 1 && list[0].serial == nil)
            #expect(problem.hasPrefix("permission denied on /dev/bus/usb/001/001. Install the udev rule"))
            #expect(problem.contains("sudo cp drivers/70-volley.rules /etc/udev/rules.d/"))
            #expect(failure(USBSelection()).contains(problem))
        }

        @Test func programsThatAreStartedDoNotGetTheBoard() throws {
            let bus = try TestBus()
            let board = try bus.plug(makeFunction(serial: 7))
            let link = try USBTransport(connecting: USBSelection(), patience: .zero)
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/bin/ls")
            process.arguments = ["-l", "/proc/self/fd"]
            let output = Pipe()
            process.standardOutput = output
            try process.run()
            let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
            process.waitUntilExit()
            #expect(!text.isEmpty && !text.contains("bus/usb"), "\(text)")
            link.close()
            withExtendedLifetime(board) {}
        }
    }
}
