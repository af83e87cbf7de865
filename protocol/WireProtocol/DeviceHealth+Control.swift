import Substrate

extension DeviceHealth {
    /// The payload of REPORT: two messages that share it.
    var payload: [UInt8] {
        var conditions = PBConditions()
        if let temperature { conditions.temperature = temperature }
        return ControlCodec.encode(PBHealth(self)) + ControlCodec.encode(conditions)
    }

    /// Reads the payload of REPORT.
    ///
    /// - Throws: `badControl`; `outOfRange` for a temperature that is not a number; what the costs block throws.
    init(payload: ArraySlice<UInt8>) throws(WireError) {
        self = try ControlCodec.decode(PBHealth.self, payload).health()
        let conditions = try ControlCodec.decode(PBConditions.self, payload)
        guard conditions.hasTemperature else { return }
        guard conditions.temperature.isFinite else {
            throw WireError(.outOfRange, at: 0, found: conditions.temperature.bitPattern)
        }
        temperature = conditions.temperature
    }
}

extension PBHealth {
    /// The wire's form of the counters.
    fileprivate init(_ health: DeviceHealth) {
        self.init()
        uptimeMs = health.uptime.milliseconds
        sessions = UInt32(clamping: health.sessions)
        jobsQueued = UInt32(clamping: health.jobsQueued)
        resultsKept = UInt32(clamping: health.resultsKept)
        jobsExecuted = health.jobsExecuted
        jobsCancelled = health.jobsCancelled
        jobsFailed = health.jobsFailed
        duplicatesAnswered = health.duplicatesAnswered
        entriesExecuted = health.entriesExecuted
        framesReceived = health.framesReceived
        framesSent = health.framesSent
        checksumErrors = health.checksumErrors
        linkErrors = health.linkErrors
        requestsFenced = health.requestsFenced
        costs = .init(CostsBlock.encode(health.accounting, health.execution))
        if let holder = health.holder { holders = [PBHolder(holder)] }
    }

    /// The counters.
    ///
    /// - Throws: what the costs block throws.
    fileprivate func health() throws(WireError) -> DeviceHealth {
        var health = DeviceHealth()
        health.uptime = Duration(wireMilliseconds: uptimeMs)
        health.sessions = Int(sessions)
        health.jobsQueued = Int(jobsQueued)
        health.resultsKept = Int(resultsKept)
        health.jobsExecuted = jobsExecuted
        health.jobsCancelled = jobsCancelled
        health.jobsFailed = jobsFailed
        health.duplicatesAnswered = duplicatesAnswered
        health.entriesExecuted = entriesExecuted
        health.framesReceived = framesReceived
        health.framesSent = framesSent
        health.checksumErrors = checksumErrors
        health.linkErrors = linkErrors
        health.requestsFenced = requestsFenced
        (health.accounting, health.execution) = try CostsBlock.decode(Array(costs)[...])
        health.holder = holders.first?.holder
        return health
    }
}
