/// The four requests that a board answers whatever its bulk endpoints do (USB-003).
extension USBHandle {
    /// The requests' numbers.
    private enum Request {
        static let reset: UInt8 = 0x01
        static let status: UInt8 = 0x02
        static let info: UInt8 = 0x03
        static let abort: UInt8 = 0x04
    }

    /// `bmRequestType` of a vendor's request to an interface, towards the board and towards the host.
    private enum Direction {
        static let out: UInt8 = 0x41
        static let `in`: UInt8 = 0xC1
    }

    /// LINK_RESET: drops all that waits on the board and makes a new link (USB-004).
    func resetLink(of interface: BoardInterface) throws(USBFailure) {
        _ = try control(Direction.out, Request.reset, index: UInt16(interface.number))
    }

    /// LINK_STATUS.
    func linkStatus(of interface: BoardInterface) throws(USBFailure) -> USBLinkStatus {
        let bytes = try control(
            Direction.in, Request.status, index: UInt16(interface.number), length: USBLinkStatus.byteCount)
        guard bytes.count == USBLinkStatus.byteCount else {
            throw .length(bytes.count, expected: USBLinkStatus.byteCount)
        }
        guard let status = USBLinkStatus(bytes) else {
            throw .malformed("LINK_STATUS with a link in state \(bytes[28]), where 3 is the highest (USB-008)")
        }
        return status
    }

    /// LINK_INFO.
    func linkInfo(of interface: BoardInterface) throws(USBFailure) -> USBLinkInfo {
        let bytes = try control(
            Direction.in, Request.info, index: UInt16(interface.number), length: USBLinkInfo.byteCount)
        guard bytes.count == USBLinkInfo.byteCount else { throw .length(bytes.count, expected: USBLinkInfo.byteCount) }
        guard let info = USBLinkInfo(bytes) else {
            throw .malformed("LINK_INFO with versions \(bytes[0]) to \(bytes[1]) (USB-007)")
        }
        return info
    }

    /// ABORT of the batch of an EXECUTE (USB-006).
    func abort(request: UInt64, of interface: BoardInterface) throws(USBFailure) {
        let bytes = (0..<8).map { UInt8(truncatingIfNeeded: request >> ($0 * 8)) }
        _ = try control(Direction.out, Request.abort, index: UInt16(interface.number), data: bytes)
    }
}
