/// One thing that the suite holds a device against, with a name that never changes.
package struct ConformanceCase: Sendable {
    /// Parts of the suite, in the order in which they run.
    package enum Section: String, Sendable, Hashable, CaseIterable {
        case framing = "framing"
        case hello = "hello and versions"
        case sessions = "sessions and requests"
        case lease = "lease and fencing"
        case configuration = "configuration and limits"
        case weights = "weights and epochs"
        case batches = "batches and exactly-once"
        case flowControl = "flow control"
        case cancellation = "cancellation"
        case errors = "errors"
        case observables = "observables and accounting"
        case timing = "timing of heartbeats"
        case statistics = "statistics"
        case hostile = "hostile input"
    }

    /// Which runs include the case.
    package enum Profile: String, Sendable, Hashable, CaseIterable {
        /// Every run.
        case core
        /// Long runs only: cases that wait, or send much.
        case full
    }

    /// What a case needs beside a device that answers.
    package enum Need: Sendable, Hashable {
        /// The chip takes parameter codes.
        case codes
        /// The chip takes targets only.
        case noCodes
        /// The chip is emulated, so its recordings repeat bit for bit.
        case emulator
        /// The device claims an effect whose name begins so.
        case effect(String)
        /// The carrier has lengths of frames besides those in headers.
        case frameLengths
        /// The carrier can carry a frame without bytes, which on USB is none (USB-002).
        case emptyFrames
        /// The device is a program whose link is its standard input and output.
        case stream
        /// The suite can start the device anew.
        case restart
        /// The suite can ask the device to leave.
        case leave
    }

    /// Requirement, slash, a name: `FRM-005/flag-3`. Never changed, never used again.
    package let id: String
    /// What the device has to do, in a sentence.
    package let title: String
    /// The part of the suite.
    package let section: Section
    /// Which runs include the case.
    package let profile: Profile
    /// Without these the case is skipped.
    package let needs: [Need]
    /// Whether a sane exchange before and after brackets the case.
    package let isHostile: Bool
    /// Tries it.
    package let body: @Sendable (CaseContext) throws -> Void

    /// A case.
    package init(
        _ id: String, _ title: String, in section: Section, profile: Profile = .core,
        needs: [Need] = [], hostile: Bool = false, body: @escaping @Sendable (CaseContext) throws -> Void
    ) {
        self.id = id
        self.title = title
        self.section = section
        self.profile = profile
        self.needs = needs
        isHostile = hostile
        self.body = body
    }

    /// The requirement that the case is about.
    package var requirement: String { String(id.prefix { $0 != "/" }) }
}
