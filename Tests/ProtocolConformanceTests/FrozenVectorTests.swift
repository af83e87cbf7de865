import Testing
import WireProtocol

/// The frozen vectors against the product's codec: the same bytes both ways, the same refusals.
@Suite struct FrozenVectorTests {
    @Test func thereAreAsManyAsTheReadmeOfTheReferenceKnows() throws {
        let counts = try ["valid", "invalid", "acceptable"].map { try FrozenVector.all($0).count }
        #expect(counts.reduce(0, +) >= 656)
    }

    @Test func validBytesAreTakenAndWrittenAgain() throws {
        for vector in try FrozenVector.all("valid") {
            do {
                let again = try VectorCodec.reencoded(vector)
                if vector.kind == "link" {
                    let due = vector.messages.map { message in
                        [UInt8(FrozenVector.number(message["type"]) ?? 0)]
                            + FrozenVector.bytes(message["payload"] as? String ?? "")
                    }
                    #expect(again == due, "\(vector.id)")
                } else {
                    #expect(again == vector.bytes, "\(vector.id)")
                }
            } catch let refusal as VectorCodec.Refusal {
                Issue.record("\(vector.id) is refused with \(refusal.status)")
            }
        }
    }

    @Test func theFieldsOfValidVectorsGiveTheirBytes() throws {
        var count = 0
        for vector in try FrozenVector.all("valid") where vector.kind != "link" && vector.edits.isEmpty {
            let bytes = try VectorCodec.encoded(vector)
            #expect(bytes == vector.bytes[0], "\(vector.id)")
            count += 1
        }
        #expect(count > 200)
    }

    @Test func invalidBytesAreRefusedWithTheStatusThatIsDue() throws {
        for vector in try FrozenVector.all("invalid") {
            do {
                _ = try VectorCodec.reencoded(vector)
                Issue.record("\(vector.id) is taken; \(vector.status) is due")
            } catch let refusal as VectorCodec.Refusal {
                #expect("\(refusal.status)" == vector.status, "\(vector.id)")
                if let frame = vector.frame { #expect(refusal.frame == frame, "\(vector.id)") }
            }
        }
    }

    @Test func acceptableBytesAreTakenOrRefusedWithTheStatusNamed() throws {
        for vector in try FrozenVector.all("acceptable") {
            do {
                _ = try VectorCodec.reencoded(vector)
            } catch let refusal as VectorCodec.Refusal {
                #expect("\(refusal.status)" == vector.status, "\(vector.id)")
            }
        }
    }
}
