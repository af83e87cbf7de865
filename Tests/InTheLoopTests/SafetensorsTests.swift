import Foundation
import InTheLoop
import Testing

/// The safetensors format, against bytes written out by hand and against damage.
struct SafetensorsTests {
    @Test func aFileHasTheFormatsBytes() {
        var file = SafetensorsFile()
        file.tensors["b"] = .init(shape: [2], .uint8([7, 9]))
        file.tensors["a"] = .init(shape: [1, 1], .float32([1]))
        let header =
            #"{"a":{"data_offsets":[0,4],"dtype":"F32","shape":[1,1]},"b":{"data_offsets":[4,6],"dtype":"U8","shape":[2]}}"#
        let padded = header + String(repeating: " ", count: (8 - header.utf8.count % 8) % 8)
        var expected = Data([UInt8(padded.utf8.count), 0, 0, 0, 0, 0, 0, 0])
        expected.append(contentsOf: padded.utf8)
        expected.append(contentsOf: [0, 0, 0x80, 0x3F, 7, 9])
        #expect(file.encoded() == expected)
    }

    @Test func allTypesSurvive() throws {
        var file = SafetensorsFile()
        file.metadata = ["step": "3"]
        file.tensors["f32"] = .init(shape: [3], .float32([.pi, -0.0, .infinity]))
        file.tensors["f64"] = .init(shape: [1, 2], .float64([.pi, 1e-300]))
        file.tensors["u8"] = .init(shape: [2], .uint8([0, 255]))
        file.tensors["i8"] = .init(shape: [2], .int8([-128, 127]))
        file.tensors["i32"] = .init(shape: [2], .int32([.min, .max]))
        file.tensors["i64"] = .init(shape: [2], .int64([.min, .max]))
        file.tensors["empty"] = .init(shape: [0, 4], .float32([]))
        #expect(try SafetensorsFile(decoding: file.encoded(), source: "memory") == file)
    }

    @Test func noTruncationTraps() {
        var file = SafetensorsFile()
        file.tensors["w"] = .init(shape: [2, 2], .float32([1, 2, 3, 4]))
        let whole = file.encoded()
        for length in 0..<whole.count {
            #expect(throws: RunError.self, "cut to \(length) bytes") {
                try SafetensorsFile(decoding: whole.prefix(length), source: "cut")
            }
        }
    }

    @Test func aLyingHeaderIsRefused() {
        func bytes(_ header: String, body: Int) -> Data {
            var data = Data([UInt8(header.utf8.count), 0, 0, 0, 0, 0, 0, 0])
            data.append(contentsOf: header.utf8)
            data.append(Data(repeating: 0, count: body))
            return data
        }
        for header in [
            #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}"#,
            #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,400]}}"#,
            #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}"#,
            #"{"a":{"dtype":"F32","shape":[4294967296,4294967296,4294967296],"data_offsets":[0,4]}}"#,
            #"{"a":{"dtype":"Q9","shape":[1],"data_offsets":[0,4]}}"#,
            #"{"a":5}"#,
        ] {
            #expect(throws: RunError.self, "\(header)") {
                try SafetensorsFile(decoding: bytes(header, body: 4), source: "lie")
            }
        }
    }
}
