import Foundation
import Testing

@Suite(.enabled(if: VolleyProcess.exists, "\(VolleyProcess.absent)"))
struct PlotCommandTests {
    private static let csv = """
        mismatch,accuracy,weights
        0,0.95,trained here
        0,0.97,trained here
        10,0.94,trained here
        0,0.9,from software
        10,0.7,from software

        """

    private func inFolder(_ body: (URL) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("volley-plot-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try Data(Self.csv.utf8).write(to: folder.appendingPathComponent("t.csv"))
        try body(folder)
    }

    @Test func meansAreDrawnAndPrinted() throws {
        try inFolder { folder in
            let result = try VolleyProcess.run(
                "plot", "t.csv", "--x", "mismatch", "--y", "accuracy", "--by", "weights", "--percent", "--reference",
                "86.3=silicon", "-o", "t.svg", in: folder)
            #expect(result.status == 0, "\(result.errors)")
            #expect(
                result.output == """
                    weights        mismatch  n     mean      SD      min      max
                    trained here          0  2  96.00 %  1.41 %  95.00 %  97.00 %
                    trained here         10  1  94.00 %       -  94.00 %  94.00 %
                    from software         0  1  90.00 %       -  90.00 %  90.00 %
                    from software        10  1  70.00 %       -  70.00 %  70.00 %

                    """)
            let svg = try String(contentsOf: folder.appendingPathComponent("t.svg"), encoding: .utf8)
            for text in ["accuracy (%)", "mismatch", "trained here", "from software", "silicon", "mean ± SD"] {
                #expect(svg.contains(">\(text)</text>"), "\(text)")
            }
        }
    }

    @Test(arguments: [
        ["--kind", "strip", "--by", "weights"], ["--kind", "histogram"], ["--kind", "points", "--x", "mismatch"],
    ])
    func everyKindIsDrawn(arguments: [String]) throws {
        try inFolder { folder in
            let result = try VolleyProcess(
                ["plot", "t.csv", "--y", "accuracy", "-o", "t.svg", "--json"] + arguments, in: folder
            ).finish()
            #expect(result.status == 0, "\(result.errors)")
            let rows = try #require(
                try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [[String: Any]])
            #expect(!rows.isEmpty)
            let svg = try String(contentsOf: folder.appendingPathComponent("t.svg"), encoding: .utf8)
            #expect(svg.hasPrefix("<svg xmlns=") && svg.hasSuffix("</svg>\n"))
        }
    }

    @Test(arguments: [
        (["--y", "accuracy"], 64, "--x COLUMN"),
        (["--y", "accuracy", "--kind", "strip", "--x", "mismatch"], 64, "leave out --x"),
        (["--y", "accuracy", "--kind", "histogram", "--by", "weights"], 64, "leave out --by"),
        (["--y", "accuracy", "--x", "mismatch", "--reference", "silicon"], 64, "VALUE=NAME"),
        (["--y", "weights", "--x", "mismatch"], 65, "t.csv:2: weights is \"trained here\""),
        (["--y", "accuracy", "--x", "mismatsch"], 65, "did you mean \"mismatch\"?"),
        (["--y", "accuracy", "--x", "mismatch", "--logx", "-o", "t.svg"], 65, "no place on a logarithmic axis"),
        (["--y", "accuracy", "--x", "mismatch", "-o", "none/t.svg"], 74, "none/t.svg"),
    ])
    func whatIsWrongIsSaid(arguments: [String], status: Int, message: String) throws {
        try inFolder { folder in
            let result = try VolleyProcess(["plot", "t.csv"] + arguments, in: folder).finish()
            #expect(Int(result.status) == status, "\(result.errors)")
            #expect(result.errors.contains(message), "\(result.errors)")
        }
    }

    @Test func aMissingFileIsSaid() throws {
        let result = try VolleyProcess.run("plot", "none.csv", "--kind", "strip", "--y", "a")
        #expect(result.status == 74)
        #expect(result.errors.contains("there is no file none.csv"))
    }
}
