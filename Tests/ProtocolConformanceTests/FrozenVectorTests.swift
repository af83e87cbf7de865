import Testing
import WireProtocol

/// The frozen vectors against the product's codec: the same bytes both ways, the same refusals.
@Suite struct FrozenVectorTests {
    /// Chunks that the product never asks for, so that its decoder, which knows what it has asked for, refuses them.
    private static let unasked: Set<String> = ["RES-001/large-numbers", "RES-001/no-columns"]

    @Test func thereAreAsManyAsThereWere() throws {
        let counts = try ["valid", "invalid", "acceptable"].map { try FrozenVector.all($0).count }
        #expect(counts.reduce(0, +) >= 656)
    }

    @Test func validBytesAreTakenAndWrittenAgain() throws {
        for vector in try FrozenVector.all("valid") where !Self.unasked.contains(vector.id) {
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
        for vector in try FrozenVector.all("valid")
        where vector.kind != "link" && vector.edits.isEmpty && !Self.unasked.contains(vector.id) {
            #expect(try VectorCodec.encoded(vector) == vector.bytes[0], "\(vector.id)")
            count += 1
        }
        #expect(count > 200)
    }

    @Test func invalidBytesAreRefusedWithTheStatusThatIsDue() throws {
        for vector in try FrozenVector.all("invalid") {
            let flaw: String?
            do {
                _ = try VectorCodec.reencoded(vector)
                flaw = "taken; \(vector.status) is due"
            } catch let refusal as VectorCodec.Refusal {
                // Results are refused by a host, which sends no status.
                let isRight = vector.kind == "result" || "\(refusal.status)" == vector.status
                let isInPlace = vector.frame == nil || refusal.frame == vector.frame
                flaw = isRight && isInPlace ? nil : "refused with \(refusal.status), \(vector.status) is due"
            }
            #expect(flaw == nil, "\(vector.id): \(flaw ?? "")")
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
