// SPDX-License-Identifier: Apache-2.0
// Exchange: one request in hand and its answer, with the limits of time and size that hold for
// every request; who asks and how is the matter of transfer.h (libcurl) and plain_transfer.h.
#pragma once

#include "kernel/base/time.h"
#include "modules/crawl/shell/fetch/fetch_loop.h"
#include "modules/crawl/shell/fetch/response_head.h"
#include "modules/crawl/shell/fetch/transfer_shared.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::crawl {

/// Lives on the loop's thread.
class Exchange {
public:
    enum class Way : std::uint8_t { library, plain };

    Exchange(const Exchange&) = delete;
    Exchange& operator=(const Exchange&) = delete;

    [[nodiscard]] Way way() const { return way_; }
    /// It is not waited for any more.
    void abort(FetchFault fault, std::string detail);
    /// The end of the request; to be handed over, then recycled.
    [[nodiscard]] FetchAnswer& answer() { return answer_; }
    /// Takes back what memory is left in the answer.
    void recycle();

    /// The next limit of time, as far as is known; it may be found to lie later.
    [[nodiscard]] Instant deadline() const;
    /// Says which limit of time is over, nothing if none is.
    std::optional<std::string> lateness(Instant now);

    std::size_t place = 0;  ///< the loop's own: its index among those that run

protected:
    enum class Phase : std::uint8_t { connecting, asking, receiving };
    static constexpr std::size_t extras_max = 4;

    Exchange(const TransferShared& shared, Way way) : shared_(shared), way_(way) {}
    ~Exchange() = default;

    void begin_exchange(FetchOrder order);
    /// Reads the order's address and asks the outbound policy. False if the request is refused.
    bool check_address();
    /// Puts the header lines of one request, without line ends, into `lines`; those of empty values
    /// are empty. False if the request is refused.
    bool write_extras(const FetchLoop::Extra& extra, std::string (&lines)[extras_max]);
    /// So many bytes of the answer have come.
    void heard(std::size_t bytes);
    void begin_asking();
    bool refuse(FetchFault fault, std::string detail);
    [[nodiscard]] ResponseHead::Limits head_limits() const;
    /// For people; the verdict is not `fine`.
    [[nodiscard]] std::string head_problem(ResponseHead::Verdict verdict) const;

    const TransferShared& shared_;
    const Way way_;
    std::string address_text_;  ///< as ordered last
    std::string address_;       ///< the same in its normal form; empty: not allowed
    IpAddress ip_;              ///< the same again
    FetchAnswer answer_;
    Phase phase_ = Phase::connecting;
    Instant began_;
    Instant phase_began_;  ///< of receiving: the last piece
    Instant speed_since_;
    std::uint64_t speed_bytes_ = 0;
    bool again_ = false;  ///< it has been made once more
};

/// The text can be put into a request line or header as it is.
bool is_plain_text(std::string_view text, bool with_blanks);

}  // namespace sluice::crawl
