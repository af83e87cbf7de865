/// How the series of a chart are told apart: by colour and, for those who do not see it, by shape.
struct SeriesStyle {
    /// The shapes of markers.
    enum Shape: CaseIterable {
        case circle
        case square
        case triangle
        case diamond
        case pentagon
    }

    let colour: String
    let shape: Shape

    /// The colours of Okabe and Ito (2008), made for every kind of colour vision, without the yellow, which is faint on
    /// white.
    static let colours = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000"]

    /// The style of a series by its place; after 35 they repeat.
    init(_ index: Int) {
        colour = Self.colours[index % Self.colours.count]
        shape = Shape.allCases[index % Shape.allCases.count]
    }

    /// Draws the marker.
    func draw(_ x: Double, _ y: Double, opacity: String = "1", in document: inout SVGDocument) {
        let place = shape.corners.map { (x: x + $0.x, y: y + $0.y) }
        if place.isEmpty {
            document.add(
                "circle",
                [
                    "cx": SVGDocument.number(x), "cy": SVGDocument.number(y), "r": "3.6", "fill": colour,
                    "fill-opacity": opacity, "stroke": "#ffffff", "stroke-width": "0.8",
                ])
        } else {
            document.add(
                "polygon",
                [
                    "points": SVGDocument.points(place), "fill": colour, "fill-opacity": opacity,
                    "stroke": "#ffffff", "stroke-width": "0.8",
                ])
        }
    }
}

extension SeriesStyle.Shape {
    /// Corners around the middle; none for a circle. Areas look about equal.
    fileprivate var corners: [(x: Double, y: Double)] {
        switch self {
        case .circle: []
        case .square: [(-3.3, -3.3), (3.3, -3.3), (3.3, 3.3), (-3.3, 3.3)]
        case .triangle: [(0, -4.6), (4.2, 3.2), (-4.2, 3.2)]
        case .diamond: [(0, -4.8), (4.2, 0), (0, 4.8), (-4.2, 0)]
        case .pentagon: [(0, -4.2), (4, -1.3), (2.5, 3.4), (-2.5, 3.4), (-4, -1.3)]
        }
    }
}
