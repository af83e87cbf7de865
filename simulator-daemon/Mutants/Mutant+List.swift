extension Mutant {
    /// Every mutant, in the order of the requirements that they break; the odd but correct ones last.
    package static let all: [Mutant] = faulty + odd

    private static let faulty: [Mutant] = [
        Mutant(
            id: "accepts-bad-magic", summary: "Takes a frame whose magic is damaged",
            kind: .faulty(killer: "FRM-001/magic-byte-0")),
        Mutant(
            id: "accepts-bad-header-checksum", summary: "Does not look at the header's checksum",
            kind: .faulty(killer: "FRM-001/checksum-byte-0")),
        Mutant(
            id: "says-malformed-for-all", summary: "Ends every link with MALFORMED, whatever was wrong",
            kind: .faulty(killer: "FRM-001/magic-byte-1")),
        Mutant(
            id: "believes-payload-length", summary: "Takes what is there where a payload length is above the limit",
            kind: .faulty(killer: "FRM-002/limit-plus-1")),
        Mutant(
            id: "accepts-superfluous-bytes", summary: "Does not look at what follows a frame",
            kind: .faulty(killer: "FRM-003/superfluous-byte")),
        Mutant(
            id: "accepts-bad-payload-checksum", summary: "Does not look at the payload's checksum",
            kind: .faulty(killer: "FRM-004/payload-bits")),
        Mutant(
            id: "ignores-undefined-flags", summary: "Ignores undefined flags",
            kind: .faulty(killer: "FRM-005/flag-3")),
        Mutant(
            id: "ignores-reserved-bytes", summary: "Ignores reserved bytes of the header",
            kind: .faulty(killer: "FRM-005/byte-47")),
        Mutant(
            id: "ends-links-in-silence", summary: "Ends links without ERROR",
            kind: .faulty(killer: "FRM-006/error-is-a-notice")),
        Mutant(
            id: "accepts-other-major", summary: "Takes frames of another major version",
            kind: .faulty(killer: "FRM-007/major-2")),
        Mutant(
            id: "accepts-other-header-length", summary: "Takes frames of another header length",
            kind: .faulty(killer: "FRM-007/header-words-17")),
        Mutant(
            id: "accepts-other-channel", summary: "Takes frames of a channel that is not there",
            kind: .faulty(killer: "FRM-007/channel-2")),
        Mutant(id: "ignores-gaps", summary: "Does not miss frames", kind: .faulty(killer: "FRM-010/gap-1")),
        Mutant(
            id: "acts-on-repetitions", summary: "Acts on frames whose number it has seen",
            kind: .faulty(killer: "FRM-010/old-number-new-content")),
        Mutant(
            id: "numbers-from-one", summary: "Numbers its own frames from 1",
            kind: .faulty(killer: "FRM-010/device-numbers")),
        Mutant(
            id: "ignores-fragment-order", summary: "Takes fragments in whatever order",
            kind: .faulty(killer: "FRM-012/index-repeats")),
        Mutant(
            id: "accepts-fragment-count-zero", summary: "Takes a fragment count of zero for one",
            kind: .faulty(killer: "FRM-012/count-zero")),
        Mutant(
            id: "accepts-wrong-totals", summary: "Does not hold the total length against the frame",
            kind: .faulty(killer: "FRM-012/whole-but-shorter")),
        Mutant(
            id: "ignores-request-numbers", summary: "Takes request numbers that do not increase",
            kind: .faulty(killer: "REQ-001/number-same")),
        Mutant(
            id: "answers-twice", summary: "Answers PING twice",
            kind: .faulty(killer: "REQ-002/one-response-to-ping")),
        Mutant(id: "answers-notices", summary: "Answers notices", kind: .faulty(killer: "REQ-002/notices-get-none")),
        Mutant(
            id: "query-is-not-final", summary: "Sends the response to QUERY without FINAL",
            kind: .faulty(killer: "REQ-002/one-response-to-query")),
        Mutant(
            id: "echoes-wrong-request", summary: "Echoes another request number for RENEW",
            kind: .faulty(killer: "REQ-002/one-response-to-renew")),
        Mutant(
            id: "refuses-without-a-word", summary: "Refuses without saying why",
            kind: .faulty(killer: "REQ-003/fault")),
        Mutant(
            id: "refusals-are-not-final", summary: "Refuses without FINAL",
            kind: .faulty(killer: "REQ-003/unknown-type")),
        Mutant(
            id: "never-answers-unknown-types", summary: "Never answers a type that it does not know",
            kind: .faulty(killer: "REQ-005/type-70")),
        Mutant(
            id: "ends-link-on-unknown-type", summary: "Ends the link on a type that it does not know",
            kind: .faulty(killer: "REQ-005/type-41")),
        Mutant(
            id: "grants-what-is-malformed", summary: "Grants requests that it cannot parse",
            kind: .faulty(killer: "REQ-006/cancel-truncated-varint")),
        Mutant(
            id: "accepts-other-sessions", summary: "Takes frames that name another session",
            kind: .faulty(killer: "REQ-007/other-session")),
        Mutant(
            id: "rejects-unknown-fields", summary: "Refuses messages with fields that it does not know",
            kind: .faulty(killer: "CTL-001/unknown-fields")),
        Mutant(
            id: "first-of-two-counts", summary: "Takes the first of two values of a field",
            kind: .faulty(killer: "CTL-001/given-twice")),
        Mutant(
            id: "accepts-any-depth", summary: "Takes messages of any depth",
            kind: .faulty(killer: "CTL-002/five-levels")),
        Mutant(id: "accepts-any-text", summary: "Takes text that is not UTF-8", kind: .faulty(killer: "CTL-003/label")),
        Mutant(
            id: "forgets-the-nonce", summary: "Answers HELLO with a nonce of zeros",
            kind: .faulty(killer: "HEL-001/nonce-echoed")),
        Mutant(
            id: "fresh-boot-id", summary: "Draws a boot id for each HELLO",
            kind: .faulty(killer: "HEL-001/boot-id-stays")),
        Mutant(
            id: "another-serial", summary: "States another serial in HELLO than in DESCRIBE",
            kind: .faulty(killer: "HEL-001/serial-is-the-chip's")),
        Mutant(
            id: "accepts-any-version", summary: "Takes hosts of any version",
            kind: .faulty(killer: "HEL-002/none-in-common-above")),
        Mutant(
            id: "version-without-ours", summary: "Refuses a version without stating its own",
            kind: .faulty(killer: "HEL-002/none-in-common-below")),
        Mutant(
            id: "ignores-required-features", summary: "Ignores required features",
            kind: .faulty(killer: "HEL-003/required-unknown")),
        Mutant(
            id: "refuses-offered-features", summary: "Refuses a host that offers many unknown features",
            kind: .faulty(killer: "HEL-003/offered-unknown")),
        Mutant(
            id: "ignores-host-limits", summary: "Ignores the host's limits",
            kind: .faulty(killer: "HEL-005/frame-limit-of-the-host")),
        Mutant(
            id: "answers-before-hello", summary: "Answers PING on a link that has not said HELLO",
            kind: .faulty(killer: "HEL-006/ping-before-hello")),
        Mutant(
            id: "acts-before-open", summary: "Answers requests between HELLO and OPEN",
            kind: .faulty(killer: "HEL-006/describe-before-open")),
        Mutant(
            id: "resumes-with-any-token", summary: "Resumes a session with any token",
            kind: .faulty(killer: "OPN-001/wrong-token-makes-a-new-session")),
        Mutant(id: "never-resumes", summary: "Never resumes a session", kind: .faulty(killer: "OPN-001/resumed")),
        Mutant(
            id: "former-link-lives", summary: "Goes on answering on the former link of a resumed session",
            kind: .faulty(killer: "OPN-002/former-link")),
        Mutant(
            id: "lists-nothing", summary: "Does not list what it holds",
            kind: .faulty(killer: "OPN-003/held-result")),
        Mutant(
            id: "close-keeps-the-lease", summary: "Keeps the lease of a session that was closed",
            kind: .faulty(killer: "OPN-004/close-frees-the-lease")),
        Mutant(
            id: "lease-needed-for-get", summary: "Answers GET to the holder of the lease only",
            kind: .faulty(killer: "DSC-001/get-without-the-lease")),
        Mutant(
            id: "looks-at-the-payload-first", summary: "Looks at the payload before the token",
            kind: .faulty(killer: "LSE-001/configure-before-its-payload")),
        Mutant(
            id: "accepts-old-tokens", summary: "Takes any fencing token for the current one",
            kind: .faulty(killer: "LSE-002/renew-with-an-old-token")),
        Mutant(
            id: "held-for-expired", summary: "Says LEASE_HELD where a lease has run out",
            kind: .faulty(killer: "LSE-002/expired")),
        Mutant(
            id: "two-holders", summary: "Grants the lease to two at a time",
            kind: .faulty(killer: "LSE-002/held-by-another")),
        Mutant(
            id: "anonymous-holder", summary: "Does not say who holds the lease",
            kind: .faulty(killer: "LSE-002/held-by-another")),
        Mutant(
            id: "nobody-holds-it", summary: "Says that nobody holds a lease that is held",
            kind: .faulty(killer: "LSE-002/query-other")),
        Mutant(
            id: "release-does-nothing", summary: "Does nothing on RELEASE",
            kind: .faulty(killer: "LSE-002/release-frees")),
        Mutant(
            id: "repeats-tokens", summary: "Gives the same token again and again",
            kind: .faulty(killer: "LSE-003/tokens-grow")),
        Mutant(
            id: "forgets-the-chip-state", summary: "Does not tell what is on the chip",
            kind: .faulty(killer: "LSE-005/chip-state")),
        Mutant(
            id: "never-expires", summary: "Never lets a lease run out",
            kind: .faulty(killer: "LSE-006/free-after-its-end")),
        Mutant(
            id: "expires-early", summary: "Lets leases run out in half their time",
            kind: .faulty(killer: "LSE-006/not-before-its-end")),
        Mutant(
            id: "unlimited-leases", summary: "States leases as long as anyone likes",
            kind: .faulty(killer: "LIM-001/ttl-cap")),
        Mutant(
            id: "another-configuration-hash", summary: "States another hash of a configuration",
            kind: .faulty(killer: "CFG-001/hash-of-the-payload")),
        Mutant(
            id: "configures-again", summary: "Takes a configuration that is the current one for another",
            kind: .faulty(killer: "CFG-001/same-changes-nothing")),
        Mutant(
            id: "takes-too-many-inputs", summary: "Takes configurations that do not fit",
            kind: .faulty(killer: "CFG-002/too-many-inputs")),
        Mutant(
            id: "clips-weights", summary: "Clips weight codes beyond the limit",
            kind: .faulty(killer: "WGT-003/code-above-the-limit")),
        Mutant(
            id: "ignores-image-checksum", summary: "Does not look at the checksum of an image",
            kind: .faulty(killer: "WGT-002/wrong-result")),
        Mutant(
            id: "accepts-any-base", summary: "Applies a delta to whatever image is there",
            kind: .faulty(killer: "WGT-002/former-base")),
        Mutant(
            id: "commits-anything", summary: "Commits what was written, whatever COMMIT names",
            kind: .faulty(killer: "WGT-004/wrong-epoch")),
        Mutant(
            id: "counts-from-another-epoch", summary: "Answers COMMIT with another epoch",
            kind: .faulty(killer: "WGT-004/answers-with-the-epoch")),
        Mutant(
            id: "ignores-reserved-of-weights", summary: "Ignores the reserved field of weight blocks",
            kind: .faulty(killer: "BLK-001/weights-reserved-24")),
        Mutant(
            id: "ignores-reserved-of-stage", summary: "Ignores the reserved field of STAGE",
            kind: .faulty(killer: "BLK-001/stage-reserved")),
        Mutant(
            id: "sorts-inputs-itself", summary: "Takes input events in any order",
            kind: .faulty(killer: "SPK-002/unit-order")),
        Mutant(
            id: "takes-any-slot", summary: "Takes a slot that is not there for the first one",
            kind: .faulty(killer: "STG-001/slot-beyond")),
        Mutant(
            id: "refused-execute-empties-its-slot", summary: "Empties a slot though EXECUTE was refused",
            kind: .faulty(killer: "STG-001/refused-execute-keeps-it")),
        Mutant(
            id: "forgets-results", summary: "Forgets results when they are sent",
            kind: .faulty(killer: "EXE-004/kept-over-resumption")),
        Mutant(
            id: "keeps-after-ack", summary: "Keeps results after ACK",
            kind: .faulty(killer: "EXE-004/kept-until-ack")),
        Mutant(
            id: "ack-frees-everything", summary: "Frees all results on any ACK",
            kind: .faulty(killer: "EXE-004/ack-of-lower-requests")),
        Mutant(
            id: "runs-duplicates-again", summary: "Runs a batch that it holds again",
            kind: .faulty(killer: "EXE-001/repeated-ten-times")),
        Mutant(
            id: "no-duplicate-flag", summary: "Does not mark kept results",
            kind: .faulty(killer: "EXE-001/result-is-marked")),
        Mutant(
            id: "invalid-for-other-content", summary: "Says INVALID for another content of a held batch",
            kind: .faulty(killer: "EXE-001/other-content")),
        Mutant(
            id: "ignores-content-hash", summary: "Does not look at the content hash",
            kind: .faulty(killer: "EXE-002/wrong-content")),
        Mutant(
            id: "ignores-epoch", summary: "Does not look at the epoch that EXECUTE names",
            kind: .faulty(killer: "EXE-002/wrong-epoch")),
        Mutant(
            id: "fault-for-busy", summary: "Says FAULT where it is BUSY",
            kind: .faulty(killer: "EXE-003/busy-beyond-the-results-kept")),
        Mutant(id: "ignores-cancel", summary: "Says CANCELLED and runs on", kind: .faulty(killer: "EXE-005/running")),
        Mutant(id: "never-answers-cancel", summary: "Never answers CANCEL", kind: .faulty(killer: "EXE-005/unknown")),
        Mutant(
            id: "result-for-cancelled", summary: "Ends a cancelled batch with DONE",
            kind: .faulty(killer: "EXE-005/no-result-after-cancel")),
        Mutant(
            id: "attempt-in-the-codes", summary: "Lets the result depend on the attempt",
            kind: .faulty(killer: "EXE-006/attempt-does-not-matter")),
        Mutant(
            id: "overruns-credit", summary: "Sends results without credit",
            kind: .faulty(killer: "CRD-001/none-without-credit")),
        Mutant(
            id: "adds-up-credit", summary: "Takes the total of CREDIT for an increment",
            kind: .faulty(killer: "CRD-001/total-not-increment")),
        Mutant(id: "ignores-credit", summary: "Ignores CREDIT", kind: .faulty(killer: "CRD-001/credit-releases")),
        Mutant(
            id: "numbers-chunks-from-one", summary: "Numbers chunks from 1",
            kind: .faulty(killer: "RES-001/chunks-of-1-for-3")),
        Mutant(
            id: "another-batch-in-chunks", summary: "Names another batch in chunks",
            kind: .faulty(killer: "RES-001/chunks-of-2-for-5")),
        Mutant(
            id: "undefined-validity", summary: "Sets an undefined bit of the validity",
            kind: .faulty(killer: "BLK-001/result-validity")),
        Mutant(
            id: "wrong-checksum-of-chunks", summary: "States another checksum of the chunks",
            kind: .faulty(killer: "RES-002/done")),
        Mutant(
            id: "miscounts-chunks", summary: "Counts a chunk too many",
            kind: .faulty(killer: "RES-002/random-batches")),
        Mutant(
            id: "another-image-in-done", summary: "States another image in DONE",
            kind: .faulty(killer: "RES-002/names-its-image")),
        Mutant(
            id: "miscounts-offered", summary: "Counts an input event too many",
            kind: .faulty(killer: "CST-001/offered")),
        Mutant(
            id: "unbalanced", summary: "States counts that do not balance",
            kind: .faulty(killer: "CST-001/balances")),
        Mutant(
            id: "drops-last-event", summary: "Drops the last event of each chunk",
            kind: .faulty(killer: "CST-001/delivered")),
        Mutant(
            id: "sorts-spikes-wrongly", summary: "Sends spikes out of order",
            kind: .faulty(killer: "SPK-002/results-in-order")),
        Mutant(
            id: "counts-batches-twice", summary: "Counts each batch twice",
            kind: .faulty(killer: "HLT-001/counts-batches")),
        Mutant(
            id: "forgets-the-holder", summary: "Does not name the holder in REPORT",
            kind: .faulty(killer: "HLT-001/holder")),
        Mutant(
            id: "joins-unequal-fragments", summary: "Joins fragments of other token, status or deadline",
            kind: .faulty(killer: "FRM-012/token-changes")),
        Mutant(
            id: "drops-begun-chunks", summary: "Sends no more of a chunk whose batch is gone",
            kind: .faulty(killer: "FRM-011/acknowledged-while-half-sent")),
        Mutant(
            id: "answers-bulk-on-channel-1", summary: "Answers STAGE on channel 1",
            kind: .faulty(killer: "FRM-011/split-stage")),
        Mutant(
            id: "takes-any-nonce", summary: "Takes a nonce of any length",
            kind: .faulty(killer: "HEL-001/nonce-of-15-bytes")),
        Mutant(
            id: "ends-link-on-bad-hello", summary: "Ends the link on a HELLO that it cannot parse",
            kind: .faulty(killer: "REQ-006/hello")),
        Mutant(
            id: "takes-hello-of-any-number", summary: "Takes a first HELLO of any frame number",
            kind: .faulty(killer: "HEL-006/hello-numbered-1")),
        Mutant(
            id: "takes-hello-of-a-session", summary: "Takes a HELLO that names a session",
            kind: .faulty(killer: "REQ-007/hello-names-a-session")),
        Mutant(
            id: "ignores-number-of-hello", summary: "Takes a HELLO of request number 0",
            kind: .faulty(killer: "REQ-001/hello-number-0")),
        Mutant(
            id: "ignores-message-limit", summary: "Ignores the host's message limit",
            kind: .faulty(killer: "HEL-005/chunk-above-the-message-limit")),
        Mutant(
            id: "leaves-repeated-execute-open", summary: "Never ends an EXECUTE whose batch is asked for again",
            kind: .faulty(killer: "REQ-002/execute-repeated")),
        Mutant(
            id: "takes-full-images-with-a-base", summary: "Takes a full image that names a base",
            kind: .faulty(killer: "BLK-001/weights-full-with-a-base")),
        Mutant(
            id: "says-malformed-for-codes", summary: "Says MALFORMED for codes that do not fit",
            kind: .faulty(killer: "BLK-001/codes-short")),
        Mutant(
            id: "keeps-slot-of-repeated-execute", summary: "Keeps the slot of an EXECUTE that asks for a batch again",
            kind: .faulty(killer: "STG-001/repeated-execute-empties-it")),
        Mutant(
            id: "names-the-last-configuration", summary: "States the configuration that was written last in DONE",
            kind: .faulty(killer: "CFG-008/third-configuration")),
    ]

    private static let odd: [Mutant] = [
        Mutant(
            id: "odd-unknown-fields", summary: "Adds fields of a later version to every control message", kind: .odd),
        Mutant(id: "odd-field-order", summary: "Writes the fields of control messages in reverse", kind: .odd),
        Mutant(id: "odd-long-numbers", summary: "Writes numbers longer than need be", kind: .odd),
        Mutant(id: "odd-given-twice", summary: "Writes fields twice, the right value last", kind: .odd),
        Mutant(id: "odd-deadlines", summary: "Fills in deadlines, which a host has no use for", kind: .odd),
        Mutant(id: "odd-repeated-frames", summary: "Sits behind a link that delivers every frame twice", kind: .odd),
        Mutant(id: "odd-short-words", summary: "Says as little as it may in refusals", kind: .odd),
    ]
}
