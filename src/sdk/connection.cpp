// SPDX-License-Identifier: Apache-2.0
#include "sdk/connection.h"

#include "kernel/wire/json_text.h"
#include "kernel/wire/resp.h"
#include "sdk/protocol/handshake.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <optional>
#include <utility>

#include <unistd.h>

namespace sluice::sdk {

namespace {

constexpr std::size_t read_bytes = std::size_t{64} << 10;

std::string machine_name() {
    std::array<char, 256> name{};
    if (gethostname(name.data(), name.size() - 1) != 0) return "unknown";
    return name.data();
}

std::string hello_line(const ConnectionOptions& options, const Greeting& greeting,
                       const std::string& proof) {
    const Identity& identity = options.identity;
    std::string line = "HELLO ";
    JsonWriter json(line);
    json.begin_object();
    json.key("v").integer(protocol_version);
    json.key("hostname").string(identity.hostname.empty() ? machine_name() : identity.hostname);
    json.key("pid").integer(getpid());
    if (!identity.wid.empty()) json.key("wid").string(identity.wid);
    json.key("labels").begin_array();
    for (const std::string& label : identity.labels) json.string(label);
    json.end_array();
    if (!options.server.username.empty()) json.key("username").string(options.server.username);
    if (!proof.empty()) json.key("pwdhash").string(proof);
    if (greeting.extended) {
        json.key("x").integer(1);
        if (identity.slots > 0) json.key("slots").unsigned_integer(identity.slots);
    }
    json.end_object();
    return line + "\r\n";
}

Reply owned(const RespReply& reply) {
    return {.kind = static_cast<ReplyKind>(reply.kind),
            .text = std::string(reply.text),
            .integer = reply.integer};
}
static_assert(static_cast<int>(ReplyKind::null) == static_cast<int>(RespKind::null) &&
              static_cast<int>(ReplyKind::error) == static_cast<int>(RespKind::error) &&
              static_cast<int>(ReplyKind::bulk) == static_cast<int>(RespKind::bulk));

}  // namespace

Error error_of(const Reply& reply) {
    const std::string_view text = reply.text;
    const std::size_t blank = text.find(' ');
    const std::string_view word = text.substr(0, blank);
    Code code = Code::invalid;
    if (word == "NOTUNIQUE") code = Code::exists;
    if (word == "STALE") code = Code::conflict;
    if (word == "DENIED") code = Code::denied;
    constexpr std::string_view busy[] = {"FULL", "LIMITED", "SHUTDOWN", "BUSY", "UNAVAILABLE"};
    if (std::find(std::begin(busy), std::end(busy), word) != std::end(busy)) code = Code::busy;
    if (word == "TOOLARGE") code = Code::exhausted;
    std::string message(blank == std::string_view::npos ? text : text.substr(blank + 1));
    if (reply.kind != ReplyKind::error) message = "unexpected reply of the server: " + reply.text;
    return fail(code, std::move(message));
}

struct Connection::State {
    State(std::unique_ptr<Transport> link, std::size_t reply_bytes_max)
        : transport(std::move(link)), decoder({.bulk_max = reply_bytes_max}) {}

    /// Reads what is there without waiting. True when there was something.
    Result<bool> receive_some() {
        SLUICE_TRY(const std::size_t got, transport->receive_some(decoder.prepare(read_bytes)));
        decoder.commit(got);
        return got > 0;
    }

    /// After an error while something is sent: what the server said before it closed is the better
    /// answer (TOOLARGE before it hangs up on a line that is too long), and read() gives it.
    Status end_of_sending(Error error) {
        if (error.code != Code::io) return error;
        for (auto any = receive_some(); any && *any; any = receive_some()) continue;
        auto reply = decoder.next();
        if (!reply || !*reply) return error;
        last_word = owned(**reply);
        return {};
    }

    std::unique_ptr<Transport> transport;
    RespDecoder decoder;
    std::optional<Reply> last_word;
    bool extended = false;
};

Connection::Connection(std::unique_ptr<State> state) : state_(std::move(state)) {}
Connection::~Connection() = default;
Connection::Connection(Connection&&) noexcept = default;
Connection& Connection::operator=(Connection&&) noexcept = default;

Result<Connection> Connection::open(const ConnectionOptions& options, Patience patience) {
    SLUICE_TRY(auto transport, Transport::open(options.server, options.trust, patience));
    Connection connection(std::make_unique<State>(std::move(transport), options.reply_bytes_max));
    SLUICE_TRY(const Reply first, connection.read(patience));
    if (first.kind == ReplyKind::error) return error_of(first).in(options.server.text());
    auto greeting = parse_greeting(first.text);
    if (!greeting) return std::move(greeting).error().in(options.server.text());
    if (options.needs_extension && !greeting->extended) {
        return fail(Code::invalid, options.server.text() +
                                       " speaks the plain Faktory protocol only (no \"x\":1 in its "
                                       "greeting); this client needs a Sluice server");
    }
    std::string proof;
    if (greeting->challenge) {
        if (options.server.password.empty()) {
            return fail(Code::denied, options.server.text() + " asks for a password");
        }
        SLUICE_TRY(proof, hash_password(options.server.password, *greeting->challenge));
    }
    connection.state_->extended = greeting->extended;
    SLUICE_TRY_STATUS(connection.write(hello_line(options, *greeting, proof), patience));
    SLUICE_TRY(const Reply answer, connection.read(patience));
    if (answer.kind == ReplyKind::error) {
        Error refused = error_of(answer).in(options.server.text());
        // A wrong password has no word of its own; being too busy to look at it has.
        if (refused.code == Code::invalid) refused.code = Code::denied;
        return refused;
    }
    return connection;
}

Status Connection::write(std::string_view lines, Patience patience) {
    while (!lines.empty()) {
        const auto sent = state_->transport->send_some(lines);
        if (!sent) return state_->end_of_sending(sent.error());
        lines.remove_prefix(*sent);
        if (*sent > 0) continue;
        SLUICE_TRY_STATUS(state_->transport->wait(true, patience));
        // The server may be waiting for us to read before it reads on.
        const auto any = state_->receive_some();
        if (!any) return state_->end_of_sending(any.error());
    }
    return {};
}

Result<Reply> Connection::read(Patience patience) {
    if (state_->last_word) return *std::exchange(state_->last_word, std::nullopt);
    for (;;) {
        SLUICE_TRY(const std::optional<RespReply> reply, state_->decoder.next());
        if (reply) return owned(*reply);
        SLUICE_TRY(const bool any, state_->receive_some());
        if (!any) SLUICE_TRY_STATUS(state_->transport->wait(false, patience));
    }
}

void Connection::finish_sending() noexcept { state_->transport->finish_sending(); }

bool Connection::is_extended() const { return state_->extended; }

}  // namespace sluice::sdk
