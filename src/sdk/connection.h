// SPDX-License-Identifier: Apache-2.0
// Connection: one spoken-for connection to the server, past greeting, password and HELLO. Writes
// request lines and reads replies in their order. No reconnecting here (client.h, worker.h).
#pragma once

#include "kernel/base/result.h"
#include "kernel/base/time.h"
#include "sdk/transport.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::sdk {

enum class ReplyKind : std::uint8_t { simple, error, integer, bulk, null };

/// One reply of the server.
struct Reply {
    ReplyKind kind = ReplyKind::null;
    std::string text;  ///< simple and bulk: the text; error: "CODE message"
    std::int64_t integer = 0;
    friend bool operator==(const Reply&, const Reply&) = default;
};

/// The error reply as an Error: NOTUNIQUE is exists, STALE conflict, DENIED denied, FULL, LIMITED
/// SHUTDOWN, BUSY and UNAVAILABLE busy, TOOLARGE exhausted, anything else invalid.
Error error_of(const Reply& reply);

/// Who connects.
struct Identity {
    std::string hostname;  ///< empty: the machine's
    std::string wid;       ///< empty: a producer
    std::vector<std::string> labels;
    std::uint32_t slots = 0;
};

struct ConnectionOptions {
    ServerAddress server;
    TlsTrust trust;
    Identity identity;
    /// A server without the extended verbs is an error.
    bool needs_extension = true;
    std::size_t reply_bytes_max = std::size_t{64} << 20;
};

/// Used by one thread at a time. After an io, timeout or invalid error it is of no more use, as
/// requests and replies no longer correspond.
class Connection {
public:
    /// Errors: as Transport::open; denied (wrong password); invalid (not such a server); busy (it
    /// takes no more connections now).
    static Result<Connection> open(const ConnectionOptions& options, Patience patience);
    ~Connection();
    Connection(Connection&&) noexcept;
    Connection& operator=(Connection&&) noexcept;

    /// Sends whole request lines, each ending in a line end. Reads replies meanwhile, so that
    /// neither side waits for ever for the other. Where the server closes meanwhile but has said
    /// something before, that is no error here: read() gives it. Errors: io, timeout, cancelled,
    /// exhausted.
    Status write(std::string_view lines, Patience patience);
    /// The next reply. Errors: io, timeout, cancelled (nothing is lost then: read again), invalid,
    /// exhausted.
    Result<Reply> read(Patience patience);
    /// No more will be sent; replies already under way can still be read.
    void finish_sending() noexcept;
    /// Whether the server announced the extended verbs.
    [[nodiscard]] bool is_extended() const;

private:
    struct State;
    explicit Connection(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace sluice::sdk
