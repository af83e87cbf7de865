import DeviceTransport

extension BoardState {
    /// The vendor requests of USB-003.
    private enum Vendor {
        static let linkReset: UInt8 = 1
        static let linkStatus: UInt8 = 2
        static let linkInfo: UInt8 = 3
        static let abort: UInt8 = 4
    }

    /// Requests of the USB standard, chapter 9.
    private enum Standard {
        static let getStatus: UInt8 = 0
        static let clearFeature: UInt8 = 1
        static let setFeature: UInt8 = 3
        static let setAddress: UInt8 = 5
        static let getDescriptor: UInt8 = 6
        static let getConfiguration: UInt8 = 8
        static let setConfiguration: UInt8 = 9
        static let getInterface: UInt8 = 10
        static let setInterface: UInt8 = 11
        static let setSelect: UInt8 = 48
        static let setIsochronousDelay: UInt8 = 49
    }

    /// Answers a control request.
    mutating func answer(_ setup: USBSetup, data: [UInt8]) -> USBControlResult {
        guard isPlugged else { return .gone }
        guard !take(.stallControl), setup.isIn || data.count == Int(setup.length) else { return .stall }
        let answer =
            switch setup.requestType {
            case 0x80, 0x81, 0x82: read(setup)
            case 0x00, 0x01, 0x02: write(setup)
            case 0xC1, 0x41: vendor(setup, data)
            default: [UInt8]?.none
            }
        guard let answer else { return .stall }
        return .data([UInt8](answer.prefix(Int(setup.length))))
    }

    /// Standard requests to the host.
    private func read(_ setup: USBSetup) -> [UInt8]? {
        switch (setup.requestType, setup.request) {
        case (0x80, Standard.getDescriptor):
            USBDescriptors(identity: identity).bytes(
                kind: UInt8(setup.value >> 8), index: UInt8(setup.value & 0xFF))
        case (0x80, Standard.getConfiguration): [configurationValue]
        case (0x80, Standard.getStatus): [0, 0]
        case (0x81, Standard.getStatus) where setup.index == 0: [0, 0]
        case (0x81, Standard.getInterface) where setup.index == 0: [0]
        case (0x82, Standard.getStatus):
            switch setup.index {
            case UInt16(USBDescriptors.bulkIn): [isInHalted ? 1 : 0, 0]
            case UInt16(USBDescriptors.bulkOut): [isOutHalted ? 1 : 0, 0]
            case 0, 0x80: [0, 0]
            default: nil
            }
        default: nil
        }
    }

    /// Standard requests to the board; nil for those that stall.
    private mutating func write(_ setup: USBSetup) -> [UInt8]? {
        switch (setup.requestType, setup.request) {
        case (0x00, Standard.setAddress): return []
        case (0x00, Standard.setSelect), (0x00, Standard.setIsochronousDelay):
            return identity.bulkPacketSize == 1_024 ? [] : nil
        case (0x00, Standard.setConfiguration):
            guard setup.value <= UInt16(USBDescriptors.configurationValue) else { return nil }
            configurationValue = UInt8(setup.value)
            resetLink()
            return []
        case (0x01, Standard.setInterface):
            guard setup.index == 0, setup.value == 0 else { return nil }
            resetLink()
            return []
        case (0x02, Standard.clearFeature), (0x02, Standard.setFeature):
            // The only feature of an endpoint is its halt.
            guard setup.value == 0 else { return nil }
            let isHalted = setup.request == Standard.setFeature
            switch setup.index {
            case UInt16(USBDescriptors.bulkIn): isInHalted = isHalted
            case UInt16(USBDescriptors.bulkOut): isOutHalted = isHalted
            case 0, 0x80: break
            default: return nil
            }
            pump()
            return []
        default: return nil
        }
    }

    /// The four requests of USB-003; nil for all others.
    private mutating func vendor(_ setup: USBSetup, _ data: [UInt8]) -> [UInt8]? {
        guard setup.value == 0, setup.index == 0 else { return nil }
        switch (setup.isIn, setup.request) {
        case (false, Vendor.linkReset) where data.isEmpty:
            resetLink()
            return []
        case (true, Vendor.linkStatus): return status
        case (true, Vendor.linkInfo): return identity.linkInfo
        case (false, Vendor.abort) where data.count == 8:
            let request = data.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            arrivals.append(.event(.abort(request: request, peer)))
            return []
        default: return nil
        }
    }

    /// LINK_STATUS's answer (USB-008).
    private var status: [UInt8] {
        identity.bootID.littleEndianBytes + report.lastRequest.littleEndianBytes
            + [report.framesReceived, report.framesSent, UInt32(outgoing.count)].flatMap(\.littleEndianBytes)
            + [report.phase.rawValue, isBatchRunning ? 1 : 0, 0, 0]
    }
}
