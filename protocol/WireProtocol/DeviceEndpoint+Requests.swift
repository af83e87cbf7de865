import Substrate

extension DeviceEndpoint {
    /// Acts on a whole message of a link that has said HELLO.
    mutating func receive(
        _ message: WireMessage, from peer: PeerID, now: Duration
    ) throws(WireError) -> [DeviceAction] {
        let header = message.header
        guard let id = links[peer]?.session else {
            guard header.type == MessageType.open.rawValue else {
                return endLink(peer, .state, "OPEN must follow HELLO")
            }
            guard header.session == 0 else {
                return endLink(peer, .noSession, "OPEN names session \(header.session)", offset: 16)
            }
            return answerFirst(message, from: peer) { endpoint throws(WireError) in
                try endpoint.receiveOpen(message, from: peer, now: now)
            }
        }
        guard header.session == id, sessions[id] != nil else {
            return endLink(peer, .noSession, "session \(header.session) is not on this link", offset: 16)
        }
        guard let type = MessageType(rawValue: header.type) else {
            return refuse(message, .unknownType, "type \(header.type) is not known", to: peer)
        }
        if type.isNotice { return try receiveNotice(type, message, session: id) }
        guard header.request > sessions[id]?.lastRequest ?? 0 else {
            return refuse(
                message, .invalid, "request \(header.request) does not follow the last one",
                to: peer)
        }
        sessions[id]?.lastRequest = header.request
        if type.needsLease, let refusal = checkLease(message, session: id, from: peer, now: now) {
            return refusal
        }
        do {
            return try answer(type, message, session: id, from: peer, now: now)
        } catch {
            return refuse(message, error.status, "\(error)", to: peer) {
                $0.byteOffset = UInt64(error.offset)
            }
        }
    }

    private mutating func answer(
        _ type: MessageType, _ message: WireMessage, session id: UInt64, from peer: PeerID,
        now: Duration
    ) throws(WireError) -> [DeviceAction] {
        switch type {
        case .close: return close(message, session: id, from: peer)
        case .ping, .renew: return respond(message, to: peer)
        case .cancel: return try cancel(message, session: id, from: peer)
        case .acquire: return try acquire(message, session: id, from: peer, now: now)
        case .release: return release(message, session: id, from: peer)
        case .query: return query(message, session: id, from: peer, now: now)
        case .describe:
            let payload = ControlCodec.encode(PBDescription(configuration.description))
            return respond(message, payload: payload, to: peer)
        case .configure: return try configure(message, from: peer)
        case .weights: return try writeWeights(message, from: peer)
        case .commit: return try commit(message, from: peer)
        case .stage: return try stage(message, session: id, from: peer)
        case .execute: return try execute(message, session: id, from: peer)
        case .list:
            var reply = PBListReply()
            if let run = sessions[id]?.run { reply.held = holdings(of: run, on: peer) }
            return respond(message, payload: ControlCodec.encode(reply), to: peer)
        case .get:
            return respond(message, .report, payload: health(now: now).payload, to: peer)
        case .hello, .open:
            return refuse(message, .state, "the session is open already", to: peer)
        case .credit, .goAway, .error, .result, .done, .ack, .report:
            return refuse(message, .state, "a host does not send this", to: peer)
        }
    }

    private mutating func receiveNotice(
        _ type: MessageType, _ message: WireMessage, session id: UInt64
    ) throws(WireError) -> [DeviceAction] {
        if type == .credit {
            let credit = try ControlCodec.decode(PBCredit.self, message.payload)
            let granted = sessions[id]?.creditGranted ?? 0
            sessions[id]?.creditGranted = max(granted, credit.totalBytes)
            return pumpResults(session: id)
        }
        if type == .ack {
            let ack = try ControlCodec.decode(PBAck.self, message.payload)
            var fault = PBFault()
            fault.detail = "the result was acknowledged before all of it was sent"
            var actions: [DeviceAction] = []
            for job in jobs where job.session == id && job.state == .done && job.request <= ack.throughRequest {
                actions += endWaiting(for: job.key.ticket, .cancelled, fault)
            }
            jobs.removeAll {
                $0.session == id && $0.state == .done && $0.request <= ack.throughRequest
            }
            return actions + pumpResults(session: id)
        }
        return []
    }

    private mutating func configure(
        _ message: WireMessage, from peer: PeerID
    ) throws(WireError) -> [DeviceAction] {
        let hash = ContentHash.configuration(message.payload)
        if hash != chip.configurationHash {
            let wanted = try ControlCodec.decode(PBConfigure.self, message.payload).configuration()
            if let flaw = wanted.flaw { return refuse(message, .invalid, flaw, to: peer) }
            let geometry = configuration.description.geometry
            guard wanted.inputCount <= geometry.inputChannels else {
                return refuse(
                    message, .invalid,
                    "the network has \(wanted.inputCount) inputs, the chip "
                        + "\(geometry.inputChannels) input channels", to: peer)
            }
            guard wanted.circuitCount(on: geometry) <= geometry.neuronCircuits else {
                return refuse(
                    message, .invalid,
                    "the network needs \(wanted.circuitCount(on: geometry)) neuron circuits, the "
                        + "chip has \(geometry.neuronCircuits)", to: peer)
            }
            if let flaw = configuration.flaw(wanted) {
                return refuse(message, .invalid, flaw, to: peer)
            }
            chip = Chip(configuration: wanted, configurationHash: hash)
        }
        var reply = PBConfigureReply()
        reply.configurationHash = .init(hash)
        return respond(message, payload: ControlCodec.encode(reply), to: peer)
    }

    private mutating func writeWeights(
        _ message: WireMessage, from peer: PeerID
    ) throws(WireError) -> [DeviceAction] {
        chip.shadow = nil
        guard let network = chip.configuration else {
            return refuse(message, .epochMismatch, "the chip is not configured", to: peer)
        }
        let block = try WeightBlock(parsing: message.payload, synapseLimit: network.synapseCount)
        guard block.synapseCount == network.synapseCount else {
            return refuse(
                message, .invalid,
                "there are \(block.synapseCount) weights for \(network.synapseCount) synapses",
                to: peer)
        }
        guard block.encoding == .full || (block.baseEpoch == chip.epoch && !chip.image.isEmpty)
        else {
            return refuse(
                message, .epochMismatch,
                "the changes are against epoch \(block.baseEpoch), the chip has \(chip.epoch)",
                to: peer)
        }
        do {
            let image = try block.image(
                onto: chip.image, weightLimit: configuration.description.geometry.weightLimit)
            chip.shadow = (image, block.epoch, block.imageChecksum, block.changedCount)
        } catch  where error.code == .badPayloadChecksum {
            return refuse(
                message, .epochMismatch, "the image that results is not the one meant", to: peer)
        }
        return respond(message, to: peer)
    }

    private mutating func commit(
        _ message: WireMessage, from peer: PeerID
    ) throws(WireError) -> [DeviceAction] {
        let wanted = try ControlCodec.decode(PBCommit.self, message.payload)
        guard let shadow = chip.shadow, shadow.epoch == wanted.epoch,
            shadow.checksum == wanted.imageCrc
        else {
            return refuse(
                message, .epochMismatch,
                "epoch \(wanted.epoch) is not what was last written", to: peer)
        }
        chip.image = shadow.image
        chip.epoch = shadow.epoch
        chip.imageChecksum = shadow.checksum
        chip.shadow = nil
        var reply = PBCommitReply()
        reply.epoch = wanted.epoch
        reply.imageCrc = wanted.imageCrc
        reply.changed = UInt32(shadow.changed)
        return respond(message, payload: ControlCodec.encode(reply), to: peer)
    }

    private mutating func stage(
        _ message: WireMessage, session id: UInt64, from peer: PeerID
    ) throws(WireError) -> [DeviceAction] {
        guard let network = chip.configuration else {
            return refuse(message, .epochMismatch, "the chip is not configured", to: peer)
        }
        let limits = limits(of: peer)
        let staged = try StagePayload(
            parsing: message.payload,
            block: SpikeBlock(unitCount: network.inputCount, window: network.window),
            slots: limits.slots, geometry: configuration.description.geometry)
        sessions[id]?.slots[staged.slot] = Staged(
            inputs: staged.inputs, block: message.payload.dropFirst(StagePayload.headByteCount))
        return respond(message, to: peer)
    }
}
