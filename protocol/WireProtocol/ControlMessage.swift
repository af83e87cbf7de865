import Substrate
import SwiftProtobuf

/// The control messages by the names of `control.proto`, for those who get them as data: the check of the frozen vectors.
package enum ControlMessage {
    /// The bytes of a message that is given as protobuf's JSON; `nil` where there is no message of the name.
    ///
    /// - Throws: `badControl` where the text is no such message.
    package static func encode(_ name: String, json: String) throws(WireError) -> [UInt8]? {
        guard let type = types[name] else { return nil }
        return try fromJSON(type, json)
    }

    /// Reads a message and writes it again; `nil` where there is no message of the name.
    ///
    /// - Throws: `badControl`.
    package static func reencode(_ name: String, _ payload: ArraySlice<UInt8>) throws(WireError) -> [UInt8]? {
        guard let type = types[name] else { return nil }
        return try again(type, payload)
    }

    /// The names of all messages, in alphabetical order.
    package static let names: [String] = types.keys.sorted()

    /// Makes of a message what a device or a host makes of it beyond its fields.
    ///
    /// - Throws: what is wrong with it.
    package static func interpret(_ name: String, _ payload: ArraySlice<UInt8>) throws(WireError) {
        switch name {
        case "Hello": _ = try ControlCodec.decode(PBHello.self, payload).limits.limits()
        case "HelloReply": _ = try ControlCodec.decode(PBHelloReply.self, payload).limits.limits()
        case "Configure": _ = try ControlCodec.decode(PBConfigure.self, payload).configuration().flaw
        case "Description": _ = try ControlCodec.decode(PBDescription.self, payload).description()
        case "Health", "Conditions": _ = try DeviceHealth(payload: payload)
        case "Done": _ = try CostsBlock.decode(Array(try ControlCodec.decode(PBDone.self, payload).costs)[...])
        default: break
        }
    }

    private static func fromJSON<M: SwiftProtobuf.Message>(_ type: M.Type, _ json: String) throws(WireError) -> [UInt8]
    {
        do {
            return ControlCodec.encode(try M(jsonString: json))
        } catch {
            throw WireError(.badControl, at: 0)
        }
    }

    private static func again<M: SwiftProtobuf.Message>(
        _ type: M.Type, _ payload: ArraySlice<UInt8>
    ) throws(WireError) -> [UInt8] {
        ControlCodec.encode(try ControlCodec.decode(type, payload))
    }

    private static let types: [String: any SwiftProtobuf.Message.Type] = {
        let list: [any SwiftProtobuf.Message.Type] = [
            PBLimits.self, PBVersions.self, PBHello.self, PBHelloReply.self, PBOpen.self, PBHeldBatch.self,
            PBOpenReply.self,
            PBListReply.self, PBCredit.self, PBCancel.self, PBCancelReply.self, PBGoAway.self, PBHolder.self,
            PBFault.self,
            PBAcquire.self, PBChipState.self, PBLeaseGrant.self, PBLeaseState.self, PBGeometry.self,
            PBParameterRange.self,
            PBNeuronParameters.self, PBDescription.self, PBTargets.self, PBPopulation.self, PBProjection.self,
            PBConfigure.self, PBConfigureReply.self, PBCommit.self, PBCommitReply.self, PBObservables.self,
            PBExecute.self,
            PBExecuteReply.self, PBDone.self, PBAck.self, PBHealth.self, PBConditions.self,
        ]
        return Dictionary(
            uniqueKeysWithValues: list.map {
                ($0.protoMessageName.split(separator: ".").last.map(String.init) ?? "", $0)
            })
    }()
}
