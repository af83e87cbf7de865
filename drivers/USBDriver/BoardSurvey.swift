import DeviceTransport

/// A look at all devices on the bus: the boards among them, open where they may be meant.
struct BoardSurvey {
    /// A board that is meant.
    struct Match {
        var board: USBBoard
        var handle: USBHandle
        var interface: BoardInterface
    }

    /// Boards that the selection means and that are open.
    private(set) var matches: [Match] = []
    /// All other boards.
    private(set) var others: [USBBoard] = []
    /// Devices that are no boards.
    private(set) var strangers = 0

    /// Nothing was seen.
    init() {}

    /// Looks at devices and asks each board who it is; those that `selection` does not mean are closed again.
    ///
    /// With no selection all boards are only described, and all are closed.
    init(of devices: [USBDevice], keeping selection: USBSelection?, in context: USBContext) {
        for device in devices.sorted(by: { ($0.bus, $0.address) < ($1.bus, $1.address) }) {
            switch device.interface {
            case .none: strangers += 1
            case .flawed(let problem): others.append(USBBoard(device, problem: problem))
            case .board(let interface):
                do throws(USBFailure) {
                    let handle = try device.open()
                    let board = USBBoard(device, open: handle, interface)
                    if let selection, board.isMeant(by: selection) {
                        matches.append(Match(board: board, handle: handle, interface: interface))
                    } else {
                        others.append(board)
                        context.close(handle)
                    }
                } catch {
                    others.append(USBBoard(device, problem: Self.text(error, device)))
                }
            }
        }
    }

    /// Why no board is meant by an address: what was seen instead.
    func explanation(of uri: DeviceURI) -> String {
        guard !others.isEmpty else {
            return """
                no board found for \(uri): \(strangers) USB devices are there, none with an interface of class FF/56/01. \
                Is the board plugged in and switched on?
                """
        }
        let list = others.map { board in board.problem.map { "\(board.summary): \($0)" } ?? board.summary }
        return "no board is meant by \(uri), or it cannot be used. Seen: \(list.joined(separator: "; "))"
    }

    private static func text(_ failure: USBFailure, _ device: USBDevice) -> String {
        guard failure == .forbidden else { return "it cannot be opened: \(failure)" }
        return """
            permission denied on \(device.node). Install the udev rule and plug the board in again: \
            sudo cp drivers/70-volley.rules /etc/udev/rules.d/ && sudo udevadm control --reload && sudo udevadm trigger \
            (the user has to sit at the machine or be a member of plugdev)
            """
    }
}
