import Settings

/// A table of comma-separated values (RFC 4180) with a header.
package struct PlotTable {
    /// The names of the columns.
    package let columns: [String]
    /// The rows: the line on which each begins, and its fields.
    package let rows: [(line: Int, fields: [String])]
    private let source: String

    /// Reads a table.
    ///
    /// - Parameters:
    ///   - source: the file's name, for errors.
    /// - Throws: `badInput` with the line: no header, a row of another length, a quote that does not end.
    package init(csv text: String, source: String) throws(CommandError) {
        var records = try Self.records(text, source: source)
        guard !records.isEmpty else {
            throw CommandError(.badInput, "\(source) is empty; its first line should name the columns.")
        }
        let header = records.removeFirst().fields
        if let row = records.first(where: { $0.fields.count != header.count }) {
            throw CommandError(
                .badInput,
                "\(source):\(row.line): \(row.fields.count) fields, where the header names \(header.count) columns.")
        }
        self.source = source
        columns = header
        rows = records
    }

    /// The place of a column.
    ///
    /// - Throws: `badInput`, with a suggestion, if there is none of that name.
    package func index(of column: String) throws(CommandError) -> Int {
        if let index = columns.firstIndex(of: column) { return index }
        throw CommandError(
            .badInput, "\(source): \(Suggestion.text(for: column, among: columns, kind: "column"))")
    }

    /// A field as a number; nil if it is empty.
    ///
    /// - Throws: `badInput` with the line if it is something else.
    package func number(_ row: (line: Int, fields: [String]), _ column: Int) throws(CommandError) -> Double? {
        let field = row.fields[column].filter { $0 != " " }
        if field.isEmpty { return nil }
        guard let value = Double(field), value.isFinite else {
            throw CommandError(
                .badInput, "\(source):\(row.line): \(columns[column]) is \"\(row.fields[column])\", which is no number."
            )
        }
        return value
    }

    /// The records of a text; empty lines are none.
    private static func records(
        _ text: String, source: String
    ) throws(CommandError) -> [(line: Int, fields: [String])] {
        var records: [(line: Int, fields: [String])] = []
        var fields: [String] = []
        var field = ""
        var isQuoted = false
        var (line, start) = (1, 1)
        var characters = text.makeIterator()
        var next = characters.next()
        func endRecord() {
            fields.append(field)
            if fields != [""] { records.append((start, fields)) }
            (fields, field, start) = ([], "", line + 1)
        }
        while let character = next {
            next = characters.next()
            if character.isNewline, !isQuoted { endRecord() }
            if character.isNewline { line += 1 }
            switch character {
            case "\"" where isQuoted && next == "\"":
                field.append("\"")
                next = characters.next()
            case "\"" where isQuoted || field.isEmpty: isQuoted.toggle()
            case "," where !isQuoted:
                fields.append(field)
                field = ""
            default:
                if isQuoted || !character.isNewline { field.append(character) }
            }
        }
        if isQuoted { throw CommandError(.badInput, "\(source):\(start): a quote begins here and does not end.") }
        endRecord()
        return records
    }
}
