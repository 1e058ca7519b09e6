// SPDX-License-Identifier: Apache-2.0
// The greeting and the password proof of the Faktory protocol (docs/protocol.md, "Greeting"). Pure:
// random bytes are handed in. Not the HELLO arguments (request.h).
#pragma once

#include "kernel/base/result.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace sluice::sdk {

inline constexpr int protocol_version = 2;
/// A hostile peer must not make us hash for minutes; Faktory draws 4,000 to 8,095.
inline constexpr std::int64_t hash_iterations_min = 1;
inline constexpr std::int64_t hash_iterations_max = 100'000;
/// Random bytes that a challenge needs.
inline constexpr std::size_t challenge_bytes = 10;

/// What the server asks of a client that must know the password.
struct Challenge {
    std::string salt;
    std::int64_t iterations = hash_iterations_min;
    friend bool operator==(const Challenge&, const Challenge&) = default;
};

/// What a greeting says.
struct Greeting {
    int version = protocol_version;
    std::optional<Challenge> challenge;
    /// The server knows the extended verbs ("x":1).
    bool extended = false;
    friend bool operator==(const Greeting&, const Greeting&) = default;
};

/// A fresh challenge: 16 hexadecimal digits of salt, 4,000 to 8,095 iterations. `random` comes from
/// a generator fit for secrets, anew for each connection.
Challenge make_challenge(std::span<const std::uint8_t, challenge_bytes> random);

/// The greeting without '+' and line end: `HI {"v":2,"i":1545,"s":"…","x":1}`. Holds no blank after
/// the first, because the Node client splits the line at blanks.
std::string render_greeting(const Greeting& greeting);
/// Reads such a line, with or without blanks in its JSON. Errors: invalid (not a greeting, a
/// version that is not 2, iterations out of bounds).
Result<Greeting> parse_greeting(std::string_view line);

/// SHA-256 of password and salt, then SHA-256 of the 32 raw bytes, `iterations` in all, as 64
/// lower-case hexadecimal digits. Costs about 0.1 µs an iteration. Errors: invalid (iterations out
/// of bounds), internal (OpenSSL refuses).
Result<std::string> hash_password(std::string_view password, const Challenge& challenge);

/// Whether `proof` is right for the challenge; in constant time for proofs of the right length. A
/// client whose HELLO says a version below 2 (or none: 0) hashes once whatever was asked.
bool is_password_proof(std::string_view proof, std::string_view password, Challenge challenge,
                       std::int64_t client_version);

/// Equal bytes; the time depends on the lengths only.
bool equal_in_constant_time(std::string_view a, std::string_view b);

}  // namespace sluice::sdk
