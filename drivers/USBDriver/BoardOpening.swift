import DeviceTransport

/// Finds the board that a selection means, opens it and begins a link.
struct BoardOpening {
    /// Which board is meant.
    var selection: USBSelection
    /// Longest frame, in bytes.
    var frameLimit: Int

    /// Why a board could not be opened.
    struct Obstacle: Error {
        /// What the user is told.
        var error: TransportError
        /// Whether waiting may help: a board that is just being plugged in, or that another program is leaving.
        var mayPass: Bool
    }

    /// A board that was opened, and its link.
    struct Opened {
        var board: USBBoard
        var link: USBLink
    }

    /// One attempt.
    func attempt(in context: USBContext) throws(Obstacle) -> Opened {
        let (handle, board, interface) = try find(in: context)
        do throws(Obstacle) {
            return Opened(board: board, link: try begin(handle, board, interface))
        } catch {
            // Reads may be under way; the board is closed as soon as none is.
            context.close(handle)
            throw error
        }
    }

    /// The one board that the selection means, open.
    private func find(in context: USBContext) throws(Obstacle) -> (USBHandle, USBBoard, BoardInterface) {
        var seen = BoardSurvey()
        do throws(TransportError) {
            seen = try context.withDevices { devices throws(TransportError) in
                BoardSurvey(of: devices, keeping: selection, in: context)
            }
        } catch {
            throw Obstacle(error: error, mayPass: false)
        }
        if seen.matches.count == 1 {
            let match = seen.matches[0]
            return (match.handle, match.board, match.interface)
        }
        for match in seen.matches { context.close(match.handle) }
        guard seen.matches.isEmpty else {
            let list = seen.matches.map(\.board.summary).joined(separator: "; ")
            throw refusal(
                "\(uri) means \(seen.matches.count) boards: \(list). Add the serial: usb:VENDOR:PRODUCT/SERIAL", false)
        }
        throw refusal(seen.explanation(of: uri), true)
    }

    /// Checks versions and memory, claims the board, resets and drains the link.
    private func begin(_ handle: USBHandle, _ board: USBBoard, _ interface: BoardInterface) throws(Obstacle) -> USBLink
    {
        do throws(TransportError) {
            try USBMemoryBudget.check()
        } catch {
            throw Obstacle(error: error, mayPass: false)
        }
        guard let info = board.info else {
            throw refusal("cannot use \(board.summary): \(board.problem ?? "it does not tell its versions")", true)
        }
        guard info.majors.overlaps(USBLimits.majors) else {
            throw refusal(
                """
                \(board.summary) speaks version \(Self.text(info.majors)) of the protocol, this program version \
                \(Self.text(USBLimits.majors)). Update whichever is older
                """, false)
        }
        do throws(USBFailure) {
            try handle.claim(interface)
        } catch {
            throw refusal(error == .busy ? busy(board) : "cannot claim \(board.summary): \(error)", true)
        }
        do throws(USBFailure) {
            try handle.resetLink(of: interface)
            // The halt is taken from the host's side too, so that both count packets from the start.
            try handle.clearHalt(of: interface.input)
            try handle.clearHalt(of: interface.output)
            let link = try USBLink(over: handle, interface, named: board.summary, frameLimit: frameLimit)
            try link.drain()
            return link
        } catch {
            let reason = error == .babble ? "it goes on sending after LINK_RESET (USB-004)" : "\(error)"
            throw refusal("cannot begin a link with \(board.summary): \(reason)", true)
        }
    }

    private var uri: DeviceURI { DeviceURI(link: .usb(selection)) }

    private func busy(_ board: USBBoard) -> String {
        let holders = BoardHolder.names(of: board.node)
        let who =
            holders.isEmpty
            ? "A running volley or volley-conformance is the usual one; `sudo fuser -v \(board.node)` tells which it is"
            : "It is open in \(holders.joined(separator: ", "))"
        return "another program has \(board.summary). \(who)"
    }

    private func refusal(_ text: String, _ mayPass: Bool) -> Obstacle {
        Obstacle(error: TransportError(.cannotConnect, text), mayPass: mayPass)
    }

    private static func text(_ majors: ClosedRange<UInt8>) -> String {
        majors.count == 1 ? "\(majors.lowerBound)" : "\(majors.lowerBound) to \(majors.upperBound)"
    }
}
