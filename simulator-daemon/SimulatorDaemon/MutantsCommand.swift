import ArgumentParser
import Mutants

/// `volleyd mutants`: the ways in which `--mutant` breaks the protocol, or uses its freedom.
struct MutantsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mutants", abstract: "List the mutants: name, the requirement that breaks, what the device does.")

    func run() {
        for mutant in Mutant.all {
            print("\(mutant.id)\t\(mutant.requirement ?? "allowed")\t\(mutant.summary)")
        }
    }
}
