extension SuiteReport {
    /// One page that needs nothing else: what a board's maker attaches to a release.
    func html() -> String {
        """
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>VP/1 conformance: \(Markup.escaped(deviceName))</title>
        <style>
        \(Self.style)
        </style>
        </head>
        <body>
        <main>
        <header>
        <p class="kicker">Volley protocol VP/1, conformance report</p>
        <h1>\(Markup.escaped(deviceName))</h1>
        <p class="verdict \(verdict == .conformant ? "good" : "bad")">\(Markup.escaped(summary))</p>
        <p class="sum">\(results.count) cases in \(duration.secondsText) s</p>
        \(tiles)
        </header>
        \(bars)
        \(failures)
        <h2>All cases</h2>
        \(sections.map(table).joined(separator: "\n"))
        <h2>Device and run</h2>
        \(facts)
        </main>
        </body>
        </html>

        """
    }

    private var deviceName: String {
        let name = claims.description.text(3)
        return (name.isEmpty ? "device" : name) + ", firmware " + claims.description.text(4)
    }

    private static func tone(_ kind: Outcome.Kind) -> String {
        switch kind {
        case .pass: "pass"
        case .passLenient: "lenient"
        case .fail: "fail"
        case .failPartial: "partial"
        case .skip: "skip"
        case .inconclusive: "open"
        case .suiteError: "error"
        }
    }

    /// A tile for each kind of outcome that occurs.
    private var tiles: String {
        let shown = Outcome.Kind.allCases.filter { count($0) > 0 }
        let items = shown.map {
            "<li class=\"\(Self.tone($0))\"><b>\(count($0))</b><span>\($0.rawValue)</span></li>"
        }
        return "<ul class=\"tiles\">\(items.joined())</ul>"
    }

    /// A bar for each section, divided by outcome.
    private var bars: String {
        let rows = sections.map { section, results in
            let parts = Outcome.Kind.allCases.compactMap { kind -> String? in
                let count = results.count { $0.outcome.kind == kind }
                return count == 0
                    ? nil
                    : "<i class=\"\(Self.tone(kind))\" style=\"flex-grow:\(count)\" title=\"\(count) \(kind.rawValue)\"></i>"
            }
            let passed = results.count { $0.outcome.kind == .pass }
            return """
                <tr><th scope="row"><a href="#\(Self.anchor(section))">\(Markup.escaped(section.rawValue))</a></th>\
                <td class="bar"><div>\(parts.joined())</div></td><td class="number">\(passed)/\(results.count)</td></tr>
                """
        }
        return "<table class=\"bars\">\(rows.joined(separator: "\n"))</table>"
    }

    /// What needs attention, with the frames that show it.
    private var failures: String {
        let wrong = results.filter { $0.outcome.kind != .pass && $0.outcome.kind != .skip || $0.isStale }
        guard !wrong.isEmpty else { return "" }
        let items = wrong.map { result in
            let story = result.capture.story
            let hidden = story.count - 40
            let shown = (hidden > 0 ? ["... \(hidden) lines before, see the capture"] : []) + story.suffix(40)
            let known = result.expectation.map {
                "<p class=\"known\">\(result.isStale ? "Listed otherwise" : "Known"): \(Markup.escaped($0.reason))</p>"
            }
            return """
                <article class="\(Self.tone(result.outcome.kind))">
                <h3><code>\(Markup.escaped(result.id))</code> <em>\(result.outcome.title)</em></h3>
                <p>\(Markup.escaped(result.title))</p>
                <p class="detail">\(Markup.escaped(result.outcome.detail))</p>\(known ?? "")
                <details><summary>Frames, and how to run it again</summary>
                <pre>\(Markup.escaped(command(for: result)))

                \(shown.map(Markup.escaped).joined(separator: "\n"))</pre></details>
                </article>
                """
        }
        return "<h2>Not passed</h2>\n" + items.joined(separator: "\n")
    }

    private func table(_ section: ConformanceCase.Section, _ results: [CaseResult]) -> String {
        let rows = results.map { result in
            """
            <tr class="\(Self.tone(result.outcome.kind))"><td><code>\(Markup.escaped(result.id))</code></td>\
            <td>\(Markup.escaped(result.title))\
            \(result.outcome.kind == .skip ? "<br><small>\(Markup.escaped(result.outcome.detail))</small>" : "")</td>\
            <td class="outcome">\(result.outcome.title)</td><td class="number">\(result.duration.secondsText) s</td></tr>
            """
        }
        return """
            <details id="\(Self.anchor(section))"><summary>\(Markup.escaped(section.rawValue)) \
            <span>\(results.count { $0.outcome.kind == .pass }) of \(results.count) passed</span></summary>
            <table class="cases"><tbody>\(rows.joined(separator: "\n"))</tbody></table></details>
            """
    }

    private var facts: String {
        var rows = device
        if !claims.effects.isEmpty { rows.append(("effects", claims.effects.joined(separator: "; "))) }
        let lines = rows.map {
            "<tr><th scope=\"row\">\(Markup.escaped($0.name))</th><td>\(Markup.escaped($0.value))</td></tr>"
        }
        return "<table class=\"facts\">\(lines.joined())</table>"
    }

    private static func anchor(_ section: ConformanceCase.Section) -> String {
        String(section.rawValue.map { $0.isLetter ? $0 : "-" })
    }

    private static let style = """
        :root { color-scheme: light dark; --ink: #1d2329; --soft: #5c6770; --line: #d9dee2; --paper: #fff; --back: #f4f6f7;
          --pass: #2e7d4f; --lenient: #b7791f; --fail: #b3261e; --partial: #d2603a; --skip: #9aa5ad; --open: #6750a4; --error: #1d2329; }
        @media (prefers-color-scheme: dark) { :root { --ink: #e4e8eb; --soft: #9aa5ad; --line: #39424a; --paper: #1b2025;
          --back: #13171a; --pass: #58b07c; --lenient: #e0a84b; --fail: #f2776d; --partial: #f0956f; --skip: #66727b;
          --open: #b3a1ec; --error: #e4e8eb; } }
        * { box-sizing: border-box; }
        body { margin: 0; background: var(--back); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
        main { max-width: 62rem; margin: 0 auto; padding: 2.5rem 1.5rem 4rem; }
        h1 { font-size: 1.9rem; margin: .1rem 0 .4rem; }
        h2 { font-size: 1.2rem; margin: 2.6rem 0 .8rem; }
        h3 { font-size: 1rem; margin: 0; display: flex; gap: .8rem; align-items: baseline; flex-wrap: wrap; }
        h3 em { font-style: normal; font-size: .8rem; font-weight: 700; }
        code, pre { font-family: ui-monospace, "DejaVu Sans Mono", monospace; font-size: .86em; }
        a { color: inherit; }
        .kicker, .sum { color: var(--soft); margin: 0; }
        .verdict { font-size: 1.15rem; font-weight: 650; margin: 0; }
        .verdict.good { color: var(--pass); } .verdict.bad { color: var(--fail); }
        .tiles { list-style: none; display: flex; flex-wrap: wrap; gap: .6rem; padding: 0; margin: 1.2rem 0; }
        .tiles li { background: var(--paper); border: 1px solid var(--line); border-top: 4px solid; border-radius: 6px;
          padding: .5rem .9rem; min-width: 7rem; }
        .tiles b { display: block; font-size: 1.5rem; line-height: 1.2; color: var(--ink); }
        .tiles span { font-size: .75rem; letter-spacing: .04em; }
        table { border-collapse: collapse; width: 100%; }
        .bars { background: var(--paper); border: 1px solid var(--line); border-radius: 6px; border-spacing: 0; border-collapse: separate; }
        .bars th { text-align: left; font-weight: 400; white-space: nowrap; padding: .3rem 1rem; width: 1%; }
        .bars .bar { width: 100%; } .bars .bar div { display: flex; gap: 2px; height: .8rem; }
        .bars i { display: block; border-radius: 2px; background: currentColor; min-width: 3px; flex-basis: 0; }
        .number { text-align: right; white-space: nowrap; padding: .3rem 1rem; font-variant-numeric: tabular-nums; color: var(--soft); }
        article { background: var(--paper); border: 1px solid var(--line); border-left: 4px solid; border-radius: 6px;
          padding: .8rem 1rem; margin: 0 0 .8rem; }
        article p { margin: .3rem 0; color: var(--ink); } article h3 code, article details { color: var(--ink); }
        article .detail { font-weight: 600; overflow-wrap: anywhere; } article .known { color: var(--soft); }
        pre { overflow-x: auto; background: var(--back); padding: .8rem; border-radius: 4px; margin: .5rem 0 0; }
        details > summary { cursor: pointer; padding: .3rem 0; } details[id] { border-bottom: 1px solid var(--line); }
        summary span { color: var(--soft); }
        .cases td { border-top: 1px solid var(--line); padding: .35rem .6rem; vertical-align: top; }
        .cases td:first-child { white-space: nowrap; } .cases .outcome { font-weight: 700; font-size: .78rem; white-space: nowrap; }
        .cases td:nth-child(2) { color: var(--ink); width: 100%; } .cases td:first-child code { color: var(--ink); }
        .facts th { text-align: left; font-weight: 400; color: var(--soft); padding: .2rem 1rem .2rem 0; width: 12rem; vertical-align: top; }
        .facts td { overflow-wrap: anywhere; }
        small { color: var(--soft); }
        .pass { color: var(--pass); } .lenient { color: var(--lenient); } .fail { color: var(--fail); } .partial { color: var(--partial); }
        .skip { color: var(--skip); } .open { color: var(--open); } .error { color: var(--error); }
        """
}
