extension Requirement {
    /// Every requirement of `protocol/SPEC.md`, in its order; a test holds the list against the text.
    package static let all: [Requirement] = [
        Requirement("LNK-001", [.must, .may], .carrier, "A link MUST deliver frames whole"),
        Requirement(
            "LNK-002", [], .carrier,
            "Over ZeroMQ a host uses one DEALER socket, a device one ROUTER socket, and a frame is one "
                + "message of one part (header, payload, trailer together)"),
        Requirement("LNK-003", [.must], .host, "A host MUST begin every link with HELLO"),
        Requirement("STR-001", [], .carrier, "On a stream frames follow one another with nothing between them"),
        Requirement(
            "STR-002", [.must], .carrier,
            "After a violation (FRM-006) a receiver MUST NOT look for the next magic in the same stream"),
        Requirement(
            "STR-003", [.must], .carrier,
            "A program whose link is its standard input and output MUST end within 2 s of the end of its input"),
        Requirement("USB-001", [.must], .carrier, "A board has an interface of class FF, subclass 56, protocol 01"),
        Requirement("USB-002", [], .carrier, "A frame is one transfer"),
        Requirement("USB-003", [.must], .carrier, "A board MUST answer four vendor requests to the interface"),
        Requirement("USB-004", [], .carrier, "LINK_RESET drops all that waits in both directions"),
        Requirement("USB-005", [.must], .carrier, "A host MUST begin a link with LINK_RESET"),
        Requirement(
            "USB-006", [], .carrier,
            "ABORT does to the batch of that EXECUTE of the link's session what CANCEL does"),
        Requirement("USB-007", [], .carrier, "LINK_INFO tells without a link"),
        Requirement("USB-008", [], .carrier, "LINK_STATUS tells"),
        Requirement(
            "FRM-001", [.must], .both,
            "A receiver MUST check the magic, then the header's checksum, and only then use any other field"),
        Requirement(
            "FRM-002", [.must], .both,
            "A receiver MUST refuse a payload length above its limit before it looks at or allocates the "
                + "payload"),
        Requirement(
            "FRM-003", [.must], .both,
            "A frame that is shorter or longer than header, payload and trailer together MUST be refused "
                + "(MALFORMED)"),
        Requirement("FRM-004", [.must], .both, "The trailer is the CRC32C of the payload"),
        Requirement(
            "FRM-005", [.must], .both,
            "A reserved field or flag that is not zero MUST be refused (RESERVED_NONZERO)"),
        Requirement(
            "FRM-006", [], .both,
            "A violation of FRM-001 to FRM-005, FRM-007, FRM-010 or FRM-012 ends the link"),
        Requirement(
            "FRM-007", [.must], .both,
            "Another major version in a header whose checksum is right MUST be refused (VERSION), another "
                + "header length or a channel above 1 too (MALFORMED)"),
        Requirement(
            "FRM-010", [.must], .both,
            "Each side numbers its frames on a link from 0, over all types and channels"),
        Requirement(
            "FRM-011", [.must, .should], .both,
            "A message longer than the frame limit is split into fragments of equal header, but for index, "
                + "payload length, sequence and checksum; all but the last SHOULD be full"),
        Requirement(
            "FRM-012", [.must], .both,
            "The total length MUST be held against the message limit (bulk types) or the control limit (all "
                + "others) before anything is allocated"),
        Requirement(
            "REQ-001", [], .both,
            "A host numbers its requests within a session, strictly increasing, from 1"),
        Requirement(
            "REQ-002", [.must], .device,
            "Every request MUST get exactly one response with FINAL, on the link on which it came, unless "
                + "that link ends first"),
        Requirement(
            "REQ-003", [], .device,
            "A response whose status is not OK is FINAL, has the type of the request, and its payload is "
                + "`Fault`"),
        Requirement(
            "REQ-004", [.must, .may], .both,
            "A device MUST act on the requests of a link in the order in which they came"),
        Requirement(
            "REQ-005", [.must], .device,
            "An unknown type MUST be answered with UNKNOWN_TYPE; the link stays up"),
        Requirement(
            "REQ-006", [.must], .both,
            "A payload that cannot be parsed MUST be refused (MALFORMED) and MUST NOT change anything"),
        Requirement(
            "REQ-007", [], .device,
            "A frame that names another session than its link has, 0 before OPEN is answered, ends the link "
                + "(ERROR NO_SESSION)"),
        Requirement(
            "CTL-001", [.should], .both,
            "A receiver SHOULD take every encoding of a message that protobuf allows"),
        Requirement(
            "CTL-002", [.must], .both,
            "The payload is level 1 of nesting, a message or an unknown group in it one level more"),
        Requirement("CTL-003", [.must], .both, "Text that is not UTF-8 MUST be refused (MALFORMED)"),
        Requirement(
            "HEL-001", [], .device,
            "HELLO states the range of major versions, the highest minor of the highest major, features, "
                + "required features, limits and a nonce of 16 fresh random bytes"),
        Requirement(
            "HEL-002", [.must], .both,
            "Without a common major version the device MUST answer VERSION with its own versions in "
                + "`Fault.versions`; the host MUST name both versions to its user"),
        Requirement(
            "HEL-003", [.must, .should], .both,
            "A required feature that is unknown MUST be refused with CRITICAL_UNKNOWN"),
        Requirement("HEL-004", [.must], .host, "A host MUST ignore a reply without its nonce"),
        Requirement("HEL-005", [], .both, "The smaller of both sides' limits holds from here on"),
        Requirement("HEL-006", [], .device, "Any frame other than HELLO on a link that has not said HELLO"),
        Requirement(
            "HEL-007", [.must, .may], .both,
            "HELLO, the reply to it and OPEN MUST be one frame each, of at most 2 KiB of payload"),
        Requirement(
            "OPN-001", [], .device,
            "OPEN names the run, a label for others to read, the bytes of results that the device may send "
                + "ahead, and, to resume, session and resume token"),
        Requirement(
            "OPN-002", [], .device,
            "A resumed session leaves its former link; frames that still come from there are refused "
                + "(NO_SESSION)"),
        Requirement("OPN-003", [], .device, "The reply lists what the device holds of the run (section 10.5)"),
        Requirement("OPN-004", [], .device, "CLOSE frees the lease and forgets all that the session holds"),
        Requirement("DSC-001", [.must], .device, "DESCRIBE, QUERY, LIST and GET MUST work without the lease"),
        Requirement(
            "HLT-001", [], .device,
            "The payload of REPORT is one message whose fields are those of `Health` and `Conditions` "
                + "together"),
        Requirement("CFG-001", [.must], .device, "CONFIGURE writes everything but the weights"),
        Requirement(
            "CFG-002", [.must], .device,
            "A configuration that does not fit the chip MUST be refused (INVALID) with the resource, the need "
                + "and the stock"),
        Requirement("CFG-003", [], .device, "Logical neurons are numbered through the populations in order"),
        Requirement(
            "CFG-004", [], .device,
            "A logical neuron takes `ceil(n / signed_inputs_per_circuit)` neuron circuits for its *n* signed "
                + "inputs, at least one"),
        Requirement(
            "CFG-005", [.must, .may], .device,
            "A population states targets and MAY state codes (section 7.7) for each of its neurons"),
        Requirement(
            "CFG-006", [.must], .host,
            "A host that has calibrated a device sends codes; it MUST NOT send those of another chip or of "
                + "other targets"),
        Requirement(
            "CFG-007", [], .device,
            "Potentials of `Targets` are in LSB of the CADC, times in microseconds of chip time"),
        Requirement(
            "CFG-008", [.must], .device,
            "A device MUST keep the configuration, the image and the inputs of every accepted batch until that "
                + "has run"),
        Requirement(
            "DSC-002", [], .device,
            "`Description.parameters` tells for each neuron parameter the targets allowed, the values of code "
                + "zero and of the highest code (2^bits - 1) on paper, and whether codes are spaced evenly or by "
                + "equal factors"),
        Requirement(
            "OBS-001", [], .device,
            "`Observables.reference` makes every column sample that voltage instead of its membrane"),
        Requirement("OBS-002", [], .device, "Sample *k* of an entry is taken *k* sample periods after its start"),
        Requirement(
            "BLK-001", [.must], .both,
            "A block that is too short, too long or against a rule of its section MUST be refused as a whole"),
        Requirement(
            "SPK-001", [.must], .both,
            "Ends MUST NOT decrease, and the last one MUST be the number of events"),
        Requirement(
            "SPK-002", [.must], .both,
            "Within an entry events MUST be sorted by tick, then unit, without repetition; ticks below the "
                + "window, units below the unit count"),
        Requirement("SPK-003", [.must], .both, "Unit count and window MUST be those of the configuration"),
        Requirement("SPK-004", [.must], .both, "A receiver MUST refuse a block that breaks these rules as a whole"),
        Requirement(
            "STG-001", [], .device,
            "A slot holds the last block that was staged into it; EXECUTE empties it, one that asks for a "
                + "batch again too, but not one that is refused"),
        Requirement(
            "STG-002", [.may], .host, "A host MAY stage the inputs of a later batch while others run"),
        Requirement(
            "WGT-001", [], .device,
            "WEIGHTS fills the shadow image; the chip goes on with the current one"),
        Requirement(
            "WGT-002", [.must], .device,
            "A delta MUST name the current epoch as its base and give an image of the stated CRC"),
        Requirement("WGT-003", [.must], .device, "A code above the chip's weight limit MUST be refused"),
        Requirement("WGT-004", [], .device, "COMMIT makes the shadow image of that epoch and CRC the current one"),
        Requirement(
            "WGT-005", [.must], .host,
            "A host MUST send a full image after EPOCH_MISMATCH, and where it does not know the current one"),
        Requirement(
            "RES-001", [], .device,
            "Chunks have the number of entries that EXECUTE asks for (zero stands for one), the last one "
                + "fewer; they come in order"),
        Requirement(
            "RES-002", [.must], .both,
            "DONE states the number of chunks, the CRC32C over the CRC32Cs of their payloads (4 bytes each, "
                + "in order), the costs, and the hashes and the image CRC that the result belongs to"),
        Requirement(
            "RES-003", [.may], .device,
            "A device MAY send a chunk as soon as its entries have run, while the chip runs the next ones"),
        Requirement(
            "RES-004", [.must, .may], .host,
            "A host MAY work on chunks before DONE, but what comes of that MUST NOT count before DONE has "
                + "confirmed them"),
        Requirement(
            "CST-001", [.must], .both,
            "offered = accepted + both input drops; produced = delivered + both output drops"),
        Requirement("LIM-001", [.may], .both, "Every time-out MAY be configured, and none MAY be infinite"),
        Requirement(
            "LIM-002", [.may], .device,
            "A device bounds the memory of a link without a session, and MAY end one that sends a frame of more than "
                + "16 KiB of payload or takes no answers; the oldest such link yields to a new one"),
        Requirement(
            "LSE-001", [.must], .device,
            "A device MUST check the token of every message that section 5 marks, before it looks at the "
                + "payload"),
        Requirement(
            "LSE-002", [], .device,
            "A request with the token of a lease that ran out while nobody else has it"),
        Requirement("LSE-003", [.must], .device, "Tokens only grow"),
        Requirement(
            "LSE-004", [], .device,
            "When the lease passes to another session, the unfinished batches of the former one end with "
                + "FENCED"),
        Requirement("LSE-005", [.must], .host, "`LeaseGrant` tells configuration hash, epoch and image CRC"),
        Requirement("LSE-006", [], .device, "A host that is killed keeps others waiting for at most the TTL"),
        Requirement(
            "LSE-007", [.should], .host,
            "By its own clock a host SHOULD count on its lease for no more than four fifths of the TTL after "
                + "sending the last request that confirmed it, and then acquire it again"),
        Requirement("EXE-001", [], .device, "The key of a batch is run and number"),
        Requirement(
            "EXE-002", [.must], .device,
            "EXECUTE names configuration hash, epoch, image CRC and content hash; a device MUST compare all "
                + "of them with what it holds"),
        Requirement("EXE-003", [], .device, "One batch runs at a time, in the order of acceptance"),
        Requirement(
            "EXE-004", [.must, .may], .both,
            "A device MUST keep a result until ACK or the end of the session"),
        Requirement("EXE-005", [.must], .device, "CANCEL MUST be answered at once"),
        Requirement("EXE-006", [.must], .both, "A host whose device has a new boot id sends everything again"),
        Requirement("EXE-007", [.must], .host, "A host MUST hand a batch's result on at most once"),
        Requirement("EXE-008", [.must], .host, "Chunks answer one EXECUTE"),
        Requirement(
            "CRD-001", [.must], .device,
            "A device MUST NOT send more RESULT payload bytes on a link than OPEN and CREDIT grant"),
        Requirement(
            "CRD-002", [.must], .host,
            "A host MUST NOT have more batches between STAGE and the final response than there are slots"),
        Requirement("BYE-001", [], .both, "GOAWAY tells hosts that the device is about to leave"),
        Requirement(
            "BYE-002", [.must], .host,
            "A host whose device comes back with another serial, profile or calibration MUST NOT go on as if "
                + "it were the same chip"),
        Requirement("VER-001", [], .carrier, "This specification is versioned apart from any software"),
        Requirement(
            "VER-002", [], .carrier,
            "Magic, the major version's place and the header checksum's place stay in all versions"),
    ]
}
