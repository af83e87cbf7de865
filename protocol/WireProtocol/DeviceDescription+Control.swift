import Substrate

extension PBDescription {
    /// The wire's form of a description (`protocol/SPEC.md`, DESCRIBE).
    init(_ description: DeviceDescription) {
        self.init()
        switch description.kind {
        case .emulator: kind = .emulator
        case .board: kind = .board
        }
        serial = description.serial
        profile = description.profile
        firmware = description.firmware
        geometry = PBGeometry(description.geometry)
        effects = description.effects
        calibration = description.calibration
        if let stated = description.parameters { parameters = [PBNeuronParameters(stated)] }
    }

    /// The description.
    ///
    /// - Throws: `unknownCode` for a kind that is not known, `outOfRange` for parameters that make no sense.
    func description() throws(WireError) -> DeviceDescription {
        let kind: DeviceDescription.Kind
        switch self.kind {
        case .emulator: kind = .emulator
        case .board: kind = .board
        case .unknown, .UNRECOGNIZED:
            throw WireError(.unknownCode, at: 0, expected: 2, found: UInt64(truncatingIfNeeded: self.kind.rawValue))
        }
        return DeviceDescription(
            kind: kind, serial: serial, profile: profile, firmware: firmware,
            geometry: geometry.geometry,
            parameters: try parameters.first?.parameters(), effects: effects,
            calibration: calibration)
    }
}

extension PBGeometry {
    /// The wire's form of a geometry.
    init(_ geometry: ChipGeometry) {
        self.init()
        neuronCircuits = UInt32(geometry.neuronCircuits)
        signedInputsPerCircuit = UInt32(geometry.signedInputsPerCircuit)
        inputChannels = UInt32(geometry.inputChannels)
        weightLimit = UInt32(geometry.weightLimit)
        cadcMaximum = UInt32(geometry.cadcMaximum)
        minimumSamplePeriod = UInt32(geometry.minimumSamplePeriod)
        traceMemoryBytes = UInt32(geometry.traceMemoryBytes)
        maximumEventsPerEntry = UInt32(geometry.maximumEventsPerEntry)
        maximumEntriesPerBatch = UInt32(geometry.maximumEntriesPerBatch)
    }

    /// The geometry.
    var geometry: ChipGeometry {
        ChipGeometry(
            neuronCircuits: Int(neuronCircuits),
            signedInputsPerCircuit: Int(signedInputsPerCircuit),
            inputChannels: Int(inputChannels), weightLimit: Int(weightLimit),
            cadcMaximum: Int(cadcMaximum), minimumSamplePeriod: Int(minimumSamplePeriod),
            traceMemoryBytes: Int(traceMemoryBytes),
            maximumEventsPerEntry: Int(maximumEventsPerEntry),
            maximumEntriesPerBatch: Int(maximumEntriesPerBatch))
    }
}
