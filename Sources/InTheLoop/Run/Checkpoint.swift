internal import Crypto
internal import Foundation
public import SpikingNetworks
public import Tensors

/// Everything that a run needs to go on: weights, the rule's state, and how far it has come.
public struct Checkpoint: Sendable, Equatable {
    /// Weights by layer: input weights, and recurrent ones where there are any.
    public var weights: [String: Matrix]
    /// State of the learning rule.
    public var rule: RuleState
    /// How far the run has come.
    public var progress: RunProgress
    /// The device that the weights were trained on; nil for software.
    public var device: String?

    /// A checkpoint of a network.
    public init(network: Network, rule: RuleState, progress: RunProgress, device: String?) {
        weights = [:]
        for (index, layer) in network.layers.enumerated() {
            weights["layers.\(index).weights"] = layer.weights
            if let recurrent = layer.recurrent { weights["layers.\(index).recurrent"] = recurrent }
        }
        self.rule = rule
        self.progress = progress
        self.device = device
    }

    /// Puts the weights into a network.
    ///
    /// - Throws: `mismatch`, with both shapes, if the checkpoint is of another network; the network is then unchanged.
    public func restore(_ network: inout Network, source: String) throws(RunError) {
        var changed = network
        var left = Set(weights.keys)
        func matrix(_ name: String, like shape: Matrix) throws(RunError) -> Matrix {
            guard let found = weights[name] else {
                throw Self.mismatch(source, "it has no \(name) (\(shape.rows) x \(shape.columns) here)")
            }
            guard found.rows == shape.rows, found.columns == shape.columns else {
                throw Self.mismatch(
                    source,
                    "\(name) is \(found.rows) x \(found.columns) there and \(shape.rows) x \(shape.columns) here")
            }
            left.remove(name)
            return found
        }
        for index in network.layers.indices {
            let layer = network.layers[index]
            changed.layers[index].weights = try matrix("layers.\(index).weights", like: layer.weights)
            if let recurrent = layer.recurrent {
                changed.layers[index].recurrent = try matrix("layers.\(index).recurrent", like: recurrent)
            }
        }
        guard left.isEmpty else {
            throw Self.mismatch(source, "it also has \(left.sorted().joined(separator: ", "))")
        }
        network = changed
    }

    private static func mismatch(_ source: String, _ reason: String) -> RunError {
        RunError(
            .mismatch, "\(source) is a checkpoint of another network: \(reason).",
            remedy: "Use the experiment that it was trained with (experiment.yaml in its run folder).")
    }

    // MARK: Files

    private struct SideFile: Codable {
        var format: Int
        var sha256: String
        var bytes: Int
        var progress: RunProgress
        var device: String?
        var rule: [String: Double]
    }

    private static let format = 2

    /// Writes the checkpoint as `NAME.safetensors`, then `NAME.json`, which makes it valid.
    func write(folder: URL, name: String) throws(RunError) {
        var file = SafetensorsFile()
        for (name, matrix) in weights { file.tensors[name] = matrix.tensor }
        for (name, matrix) in rule.matrices { file.tensors["rule.\(name)"] = matrix.tensor }
        file.metadata = ["format": "volley checkpoint \(Self.format)", "step": "\(progress.step)"]
        let data = file.encoded()
        try AtomicFile.write(data, to: folder.appendingPathComponent("\(name).safetensors"))
        let side = SideFile(
            format: Self.format, sha256: Self.hash(data), bytes: data.count, progress: progress,
            device: device, rule: rule.numbers)
        try AtomicFile.write(
            RunFolder.json(side), to: folder.appendingPathComponent("\(name).json"))
    }

    /// Reads a checkpoint by the path of its side file, and verifies it.
    ///
    /// - Throws: `corrupt` or `io`, with the file and what is wrong.
    init(sideFile url: URL) throws(RunError) {
        let side: SideFile
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        do {
            side = try decoder.decode(SideFile.self, from: AtomicFile.read(url))
        } catch let error as RunError {
            throw error
        } catch {
            throw RunError(.corrupt, "\(url.path) is not a checkpoint's side file")
        }
        guard side.format == Self.format else {
            throw RunError(
                .mismatch, "\(url.path) has format \(side.format), this version reads \(Self.format)")
        }
        let tensors = url.deletingPathExtension().appendingPathExtension("safetensors")
        let data = try AtomicFile.read(tensors)
        guard data.count == side.bytes, Self.hash(data) == side.sha256 else {
            throw RunError(
                .corrupt,
                "\(tensors.path) is damaged: \(data.count) bytes, \(side.bytes) and another hash expected")
        }
        let file = try SafetensorsFile(decoding: data, source: tensors.path)
        weights = [:]
        rule = RuleState(numbers: side.rule)
        progress = side.progress
        device = side.device
        for (name, tensor) in file.tensors {
            guard let matrix = Matrix(tensor) else { continue }
            if name.hasPrefix("rule.") {
                rule.matrices[String(name.dropFirst(5))] = matrix
            } else {
                weights[name] = matrix
            }
        }
    }

    private static func hash(_ data: Data) -> String {
        SHA256.hash(data: data).map { byte in
            let digits = String(byte, radix: 16)
            return digits.count == 1 ? "0" + digits : digits
        }.joined()
    }
}

extension Matrix {
    /// The matrix as a tensor `[rows, columns]`.
    var tensor: SafetensorsFile.Tensor {
        SafetensorsFile.Tensor(shape: [rows, columns], .float32(unpadded))
    }

    /// The matrix of a two-dimensional float tensor; nil for any other.
    init?(_ tensor: SafetensorsFile.Tensor) {
        guard tensor.shape.count == 2, case .float32(let values) = tensor.elements else { return nil }
        self.init(rows: tensor.shape[0], columns: tensor.shape[1], unpadded: values)
    }
}
