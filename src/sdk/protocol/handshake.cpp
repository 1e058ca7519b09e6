// SPDX-License-Identifier: Apache-2.0
#include "sdk/protocol/handshake.h"

#include "kernel/base/text.h"
#include "kernel/wire/json_reader.h"
#include "sdk/protocol/fields.h"

#include <array>
#include <memory>

#include <openssl/crypto.h>
#include <openssl/evp.h>

namespace sluice::sdk {

namespace {

constexpr std::int64_t drawn_iterations_min = 4000;
constexpr std::size_t sha256_bytes = 32;

using Digest = std::array<unsigned char, sha256_bytes>;

/// One SHA-256 after another with one context; the algorithm is fetched once for all of them.
class Hasher {
public:
    Hasher()
        : algorithm_(EVP_MD_fetch(nullptr, "SHA256", nullptr), &EVP_MD_free),
          context_(EVP_MD_CTX_new(), &EVP_MD_CTX_free) {}

    bool hash(std::string_view first, std::string_view second, Digest& out) {
        unsigned int size = 0;
        return algorithm_ && context_ &&
               EVP_DigestInit_ex2(context_.get(), algorithm_.get(), nullptr) == 1 &&
               EVP_DigestUpdate(context_.get(), first.data(), first.size()) == 1 &&
               EVP_DigestUpdate(context_.get(), second.data(), second.size()) == 1 &&
               EVP_DigestFinal_ex(context_.get(), out.data(), &size) == 1 && size == out.size();
    }

private:
    std::unique_ptr<EVP_MD, decltype(&EVP_MD_free)> algorithm_;
    std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_;
};

std::string_view bytes_of(const Digest& digest) {
    return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

bool are_iterations_bearable(std::int64_t iterations) {
    return iterations >= hash_iterations_min && iterations <= hash_iterations_max;
}

std::string iterations_text(std::int64_t iterations) {
    return "password iterations must be 1 to 100000, not " + std::to_string(iterations);
}

}  // namespace

Challenge make_challenge(std::span<const std::uint8_t, challenge_bytes> random) {
    const auto low = static_cast<unsigned>(random[8]) | (static_cast<unsigned>(random[9]) << 8U);
    const std::string_view salt(reinterpret_cast<const char*>(random.data()), 8);
    return {.salt = to_hex(salt), .iterations = drawn_iterations_min + (low & 0xFFFU)};
}

std::string render_greeting(const Greeting& greeting) {
    std::string out = "HI {\"v\":" + std::to_string(greeting.version);
    if (greeting.challenge) {
        out += ",\"i\":" + std::to_string(greeting.challenge->iterations);
        out += ",\"s\":\"" + greeting.challenge->salt + '"';
    }
    if (greeting.extended) out += ",\"x\":1";
    out += '}';
    return out;
}

Result<Greeting> parse_greeting(std::string_view line) {
    if (!line.starts_with("HI ")) {
        return fail(Code::invalid, error_line("not a Faktory greeting: \"" +
                                              std::string(truncate_utf8(line, 100)) + '"'));
    }
    JsonParser parser;
    SLUICE_TRY(const JsonView json, read_argument(line.substr(3), parser));
    std::int64_t version = 0;
    std::int64_t extended = 0;
    std::optional<std::int64_t> iterations;
    std::optional<std::string> salt;
    SLUICE_TRY_STATUS(
        each_member(json, "the greeting", [&](std::string_view key, JsonView value) -> Status {
            if (key == "v") return read_int(value, key, version);
            if (key == "x") return read_int(value, key, extended);
            if (key == "i") return read_int(value, key, iterations);
            if (key == "s") return read_text(value, key, salt.emplace());
            return {};
        }));
    if (version != protocol_version) {
        return fail(Code::invalid, "the server speaks version " + std::to_string(version) +
                                       " of the protocol, not 2");
    }
    Greeting greeting{.extended = extended >= 1};
    if (salt && !salt->empty()) greeting.challenge = {*salt, iterations.value_or(1)};
    if (greeting.challenge && !are_iterations_bearable(greeting.challenge->iterations)) {
        return fail(Code::invalid, iterations_text(greeting.challenge->iterations));
    }
    return greeting;
}

Result<std::string> hash_password(std::string_view password, const Challenge& challenge) {
    if (!are_iterations_bearable(challenge.iterations)) {
        return fail(Code::invalid, iterations_text(challenge.iterations));
    }
    Hasher hasher;
    Digest digest{};
    bool ok = hasher.hash(password, challenge.salt, digest);
    for (std::int64_t done = 1; ok && done < challenge.iterations; ++done) {
        ok = hasher.hash(bytes_of(digest), {}, digest);
    }
    if (!ok) return fail(Code::internal, "OpenSSL could not compute SHA-256");
    return to_hex(bytes_of(digest));
}

bool is_password_proof(std::string_view proof, std::string_view password, Challenge challenge,
                       std::int64_t client_version) {
    if (client_version < protocol_version) challenge.iterations = 1;
    const auto expected = hash_password(password, challenge);
    return expected && equal_in_constant_time(proof, *expected);
}

bool equal_in_constant_time(std::string_view a, std::string_view b) {
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace sluice::sdk
