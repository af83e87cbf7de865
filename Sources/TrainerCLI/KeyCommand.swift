import ArgumentParser
import DeviceLinks

/// `volley key`.
struct KeyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "key",
        abstract: "Print the public key by which daemons on other machines know you.",
        discussion: """
            The secret key is in $VOLLEY_KEY, else ~/.config/volley/key; it is made if there
            is none. Whoever runs the daemon adds the line to its list of clients
            (volleyd --clients) and tells its address, which ends with the daemon's own key.

            EXAMPLES
              volley key
              volley train yinyang --device zmq+tcp://lab-pc:7755#KEY
            """)

    func run() throws {
        Console.output.line(try OwnKey.publicText())
    }
}
