import Foundation
import ProtocolConformance
import Testing

/// The suite against the text of the specification: what is required and what is tried are the same.
@Suite struct TraceTests {
    /// A requirement as `SPEC.md` has it.
    private struct Entry {
        var id: String
        var text: String
    }

    private static func specification() throws -> [Entry] {
        let text = try String(contentsOf: SuiteTests.root.appending(path: "protocol/SPEC.md"), encoding: .utf8)
        var entries: [Entry] = []
        var isInside = false
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if let match = line.firstMatch(of: /^- ([A-Z]{3}-[0-9]{3}) (.*)$/) {
                entries.append(Entry(id: String(match.1), text: String(match.2)))
                isInside = true
            } else if isInside, line.hasPrefix("  ") {
                entries[entries.count - 1].text += " " + line.drop { $0 == " " }
            } else {
                isInside = false
            }
        }
        return entries
    }

    @Test func theListOfRequirementsIsThatOfTheSpecification() throws {
        let entries = try Self.specification()
        #expect(entries.count > 70)
        #expect(Requirement.all.map(\.id) == entries.map(\.id))
        for (requirement, entry) in zip(Requirement.all, entries) {
            #expect(entry.text.hasPrefix(requirement.text), "\(requirement.id): \(entry.text)")
            let levels = Requirement.Level.allCases.filter { level in
                entry.text.split { !$0.isLetter }.contains { $0 == level.rawValue }
            }
            #expect(requirement.levels == levels, "\(requirement.id)")
        }
    }

    @Test func everyBindingRequirementHasACaseAndEveryCaseARequirement() {
        let matrix = TraceMatrix()
        #expect(matrix.gaps.isEmpty, "without a case: \(matrix.gaps.map(\.id))")
        #expect(matrix.strays.isEmpty, "without a requirement: \(matrix.strays)")
    }

    @Test func whatNoFrameShowsIsHeldByTestsThatAreThere() {
        for requirement in Requirement.all {
            guard let words = requirement.heldElsewhere else { continue }
            #expect(requirement.binds, "\(requirement.id) needs no excuse")
            #expect(
                !ConformanceSuite.cases.contains { $0.requirement == requirement.id }, "\(requirement.id) has cases")
            let places = words.matches(of: /Tests\/[A-Za-z\/.]*[A-Za-z]/).map { String($0.0) }
            #expect(!places.isEmpty, "\(requirement.id): \(words)")
            for place in places {
                #expect(FileManager.default.fileExists(atPath: SuiteTests.root.appending(path: place).path), "\(place)")
            }
        }
    }

    @Test func everyRequirementOfDevicesHasACaseEvenIfNoWordOfItBinds() {
        let ids = Set(ConformanceSuite.cases.map(\.requirement))
        let missing = Requirement.all.filter { [.device, .both].contains($0.side) && !ids.contains($0.id) }
        #expect(missing.isEmpty, "\(missing.map(\.id))")
    }

    @Test func caseIdsAreWellFormedAndOccurOnce() {
        let ids = ConformanceSuite.cases.map(\.id)
        #expect(ids.count >= 250, "\(ids.count) cases")
        #expect(
            Set(ids).count == ids.count, "\(Dictionary(grouping: ids) { $0 }.filter { $1.count > 1 }.keys.sorted())")
        for id in ids { #expect(id.wholeMatch(of: /[A-Z]{3}-[0-9]{3}\/[a-zA-Z0-9'-]+/) != nil, "\(id)") }
    }

    @Test func everySectionHasCases() {
        for section in ConformanceCase.Section.allCases {
            #expect(ConformanceSuite.cases.contains { $0.section == section }, "\(section.rawValue)")
        }
    }
}
