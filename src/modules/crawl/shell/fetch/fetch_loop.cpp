// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/shell/fetch/fetch_loop.h"

#include "kernel/sync/channel.h"
#include "kernel/sync/clock.h"
#include "kernel/sync/once.h"
#include "kernel/sync/thread.h"
#include "modules/crawl/shell/fetch/plain_transfer.h"
#include "modules/crawl/shell/fetch/poller.h"
#include "modules/crawl/shell/fetch/transfer.h"

#include <curl/curl.h>

#include <csignal>

#include <algorithm>
#include <atomic>
#include <utility>
#include <vector>

namespace sluice::crawl {

namespace {

constexpr std::size_t read_bytes = 64UL * 1024;

struct FreeMulti {
    void operator()(CURLM* handle) const { curl_multi_cleanup(handle); }
};

/// libcurl counts its users, so each loop is one for as long as it lives.
class CurlUse {
public:
    CurlUse() : fine_(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK) {}
    ~CurlUse() {
        if (fine_) curl_global_cleanup();
    }
    CurlUse(const CurlUse&) = delete;
    CurlUse& operator=(const CurlUse&) = delete;
    [[nodiscard]] bool is_fine() const { return fine_; }

private:
    bool fine_;
};

struct Request {
    FetchOrder order;
    FetchLoop::Extra extra;
};

}  // namespace

/// Everything but `orders`, `cancel` and the poller's wake() belongs to the thread.
struct FetchLoop::Parts {
    Parts(std::unique_ptr<TransferShared> settings, std::unique_ptr<Poller> events, Done handler,
          std::function<void()> round_handler)
        : shared(std::move(settings)),
          poller(std::move(events)),
          done(std::move(handler)),
          round_end(std::move(round_handler)),
          orders(shared->config.requests_max, "crawl-fetch-orders"),
          plain_is_enough(PlainTransfer::is_enough(shared->config)),
          links(*poller, shared->config.connections_max) {}

    Status prepare();
    void run();

    void take_orders();
    void start(Request request);
    void drop(Request request);
    bool begin(Request request);
    bool begin_plain(Request request);
    void run_with(Exchange& exchange);
    void hand_over(Exchange& exchange);
    void end(Exchange& exchange);
    void collect();
    void go_on(const Ready& socket);
    void kick();
    void expire();
    void cancel_everything();
    void wait();
    [[nodiscard]] bool has_room() const { return running.size() < shared->config.connections_max; }
    [[nodiscard]] bool may_sleep();

    static int watch_socket(CURL* easy, curl_socket_t fd, int what, void* self, void* unused);
    static int set_timer(CURLM* multi, long milliseconds, void* self);

    CurlUse curl;
    std::unique_ptr<TransferShared> shared;
    std::unique_ptr<Poller> poller;
    Done done;
    std::function<void()> round_end;
    Channel<Request> orders;
    std::atomic<bool> cancel = false;

    const bool plain_is_enough;
    PlainLinks links;
    std::vector<std::unique_ptr<PlainTransfer>> plain_transfers;
    std::vector<PlainTransfer*> plain_resting;
    std::vector<char> incoming = std::vector<char>(read_bytes);  ///< what plain transfers read into

    std::vector<std::unique_ptr<Transfer>> transfers;  ///< outlive the connections they made
    std::unique_ptr<CURLM, FreeMulti> multi;
    std::vector<Transfer*> resting;
    std::vector<Exchange*> running;  ///< both kinds
    std::vector<Request> taken;
    Instant timer = no_deadline;      ///< libcurl's
    Instant limits_at = no_deadline;  ///< no limit of time is over before
    bool closed = false;

    Once stopped;
    Thread thread;
};

// --- on the thread ------------------------------------------------------------------------------

int FetchLoop::Parts::watch_socket(CURL*, curl_socket_t fd, int what, void* self, void*) {
    auto& parts = *static_cast<Parts*>(self);
    parts.poller->watch(fd, what == CURL_POLL_IN || what == CURL_POLL_INOUT,
                        what == CURL_POLL_OUT || what == CURL_POLL_INOUT);
    return 0;
}

int FetchLoop::Parts::set_timer(CURLM*, long milliseconds, void* self) {
    auto& parts = *static_cast<Parts*>(self);
    parts.timer = milliseconds < 0    ? no_deadline
                  : milliseconds == 0 ? Instant::min()
                                      : deadline_after(std::chrono::milliseconds(milliseconds));
    return 0;
}

Status FetchLoop::Parts::prepare() {
    if (!curl.is_fine()) return fail(Code::internal, "libcurl cannot be initialised");
    multi.reset(curl_multi_init());
    if (!multi) return fail(Code::exhausted, "no memory for fetches");
    bool fine = true;
    const auto set = [this, &fine](CURLMoption option, auto value) {
        fine = curl_multi_setopt(multi.get(), option, value) == CURLM_OK && fine;
    };
    const auto count = static_cast<long>(shared->config.connections_max);
    set(CURLMOPT_SOCKETFUNCTION, &Parts::watch_socket);
    set(CURLMOPT_SOCKETDATA, static_cast<void*>(this));
    set(CURLMOPT_TIMERFUNCTION, &Parts::set_timer);
    set(CURLMOPT_TIMERDATA, static_cast<void*>(this));
    set(CURLMOPT_PIPELINING, static_cast<long>(CURLPIPE_MULTIPLEX));
    set(CURLMOPT_MAXCONNECTS, count);
    set(CURLMOPT_MAX_TOTAL_CONNECTIONS, count);
    set(CURLMOPT_MAX_HOST_CONNECTIONS, static_cast<long>(shared->config.host_connections_max));
    transfers.push_back(std::make_unique<Transfer>(*shared));
    resting.push_back(transfers.back().get());
    if (!fine || !transfers.back()->is_usable()) {
        return fail(Code::internal, "this libcurl lacks an option that fetches need");
    }
    return {};
}

void FetchLoop::Parts::run() {
    // The library is told not to touch signals; a connection that is gone must not end the process.
    sigset_t broken_pipe;
    sigemptyset(&broken_pipe);
    sigaddset(&broken_pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &broken_pipe, nullptr);
    while (!closed || !running.empty()) {
        take_orders();
        if (timer <= monotonic_now()) kick();
        collect();
        if (limits_at <= monotonic_now()) expire();
        if (round_end) round_end();
        wait();
    }
    if (round_end) round_end();
    plain_transfers.clear();
    multi.reset();
}

void FetchLoop::Parts::take_orders() {
    if (cancel.exchange(false)) {
        // All that was ordered before the cancel is there now; what comes later is not cancelled.
        taken.clear();
        closed = orders.try_pop_all(taken, orders.capacity()) == ChannelStatus::closed;
        for (auto& request : taken) drop(std::move(request));
        cancel_everything();
    }
    while (has_room()) {
        taken.clear();
        const std::size_t room = shared->config.connections_max - running.size();
        const ChannelStatus status = orders.try_pop_all(taken, room);
        closed = status == ChannelStatus::closed;
        if (status != ChannelStatus::ok) return;
        for (auto& request : taken) start(std::move(request));
    }
}

void FetchLoop::Parts::drop(Request request) {
    FetchAnswer answer;
    answer.order = std::move(request.order);
    answer.fault = FetchFault::cancelled;
    answer.detail = "cancelled before it began";
    done(std::move(answer));
}

void FetchLoop::Parts::start(Request request) {
    const bool plain = plain_is_enough && PlainTransfer::takes(request.order.url);
    const bool begun = plain ? begin_plain(std::move(request)) : begin(std::move(request));
    if (!begun) return hand_over(*running.back());
    limits_at = std::min(limits_at, monotonic_now() + shared->shortest_limit);
}

void FetchLoop::Parts::run_with(Exchange& exchange) {
    exchange.place = running.size();
    running.push_back(&exchange);
}

bool FetchLoop::Parts::begin_plain(Request request) {
    if (plain_resting.empty()) {
        plain_transfers.push_back(std::make_unique<PlainTransfer>(*shared, links));
        plain_resting.push_back(plain_transfers.back().get());
    }
    PlainTransfer& transfer = *plain_resting.back();
    plain_resting.pop_back();
    run_with(transfer);
    return transfer.begin(std::move(request.order), request.extra);
}

bool FetchLoop::Parts::begin(Request request) {
    if (resting.empty()) {
        transfers.push_back(std::make_unique<Transfer>(*shared));
        resting.push_back(transfers.back().get());
    }
    Transfer& transfer = *resting.back();
    resting.pop_back();
    run_with(transfer);
    if (!transfer.begin(std::move(request.order), std::move(request.extra))) return false;
    if (curl_multi_add_handle(multi.get(), transfer.handle()) == CURLM_OK) return true;
    transfer.abort(FetchFault::too_large, "libcurl does not take the request");
    return false;
}

/// The handle is out of libcurl's hands.
void FetchLoop::Parts::hand_over(Exchange& exchange) {
    running[exchange.place] = running.back();
    running[exchange.place]->place = exchange.place;
    running.pop_back();
    done(std::move(exchange.answer()));
    exchange.recycle();
    if (exchange.way() == Exchange::Way::plain) {
        plain_resting.push_back(&static_cast<PlainTransfer&>(exchange));
    } else {
        resting.push_back(&static_cast<Transfer&>(exchange));
    }
}

void FetchLoop::Parts::end(Exchange& exchange) {
    if (exchange.way() == Exchange::Way::plain) {
        static_cast<PlainTransfer&>(exchange).let_go();
    } else {
        curl_multi_remove_handle(multi.get(), static_cast<Transfer&>(exchange).handle());
    }
    hand_over(exchange);
}

void FetchLoop::Parts::collect() {
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi.get(), &left)) {
        if (message->msg != CURLMSG_DONE) continue;
        CURL* easy = message->easy_handle;
        const CURLcode code = message->data.result;
        void* self = nullptr;
        curl_easy_getinfo(easy, CURLINFO_PRIVATE, &self);
        auto& transfer = *static_cast<Transfer*>(self);
        if (transfer.begin_again(code)) {
            curl_multi_remove_handle(multi.get(), easy);
            if (curl_multi_add_handle(multi.get(), easy) == CURLM_OK) continue;
        }
        transfer.finish(code);
        end(transfer);
    }
}

void FetchLoop::Parts::kick() {
    timer = no_deadline;
    int still = 0;
    curl_multi_socket_action(multi.get(), CURL_SOCKET_TIMEOUT, 0, &still);
}

void FetchLoop::Parts::expire() {
    const Instant now = monotonic_now();
    // A request that goes on to its next phase gets a limit that no one has seen yet, but not one
    // that is over sooner than this.
    limits_at = running.empty() ? no_deadline : now + shared->shortest_limit;
    // From behind: the one that takes the place of one that ended has been looked at.
    for (std::size_t i = running.size(); i > 0; --i) {
        Exchange& transfer = *running[i - 1];
        if (auto late = transfer.lateness(now)) {
            transfer.abort(FetchFault::timeout, *std::move(late));
            end(transfer);
            continue;
        }
        limits_at = std::min(limits_at, transfer.deadline());
    }
}

void FetchLoop::Parts::cancel_everything() {
    collect();
    while (!running.empty()) {
        Exchange& transfer = *running.back();
        transfer.abort(FetchFault::cancelled, "cancelled");
        end(transfer);
    }
}

bool FetchLoop::Parts::may_sleep() {
    return !cancel.load() && !(has_room() && orders.is_ready()) && !(closed && running.empty());
}

void FetchLoop::Parts::wait() {
    const auto ready = poller->wait(std::min(timer, limits_at), [this] { return may_sleep(); });
    for (const Ready& socket : ready) {
        if (links.owns(socket.fd)) {
            go_on(socket);
            continue;
        }
        const int what =
            (socket.readable ? CURL_CSELECT_IN : 0) | (socket.writable ? CURL_CSELECT_OUT : 0);
        int still = 0;
        curl_multi_socket_action(multi.get(), socket.fd, what, &still);
    }
}

void FetchLoop::Parts::go_on(const Ready& socket) {
    PlainTransfer* const transfer = links.user_of(socket.fd);
    if (transfer == nullptr) {
        links.close(socket.fd);  // it speaks, or ends, while nobody asks
    } else if (transfer->go_on(socket, incoming)) {
        hand_over(*transfer);
    }
}

// --- the face -----------------------------------------------------------------------------------

FetchLoop::FetchLoop(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

FetchLoop::~FetchLoop() { stop(); }

Result<std::unique_ptr<FetchLoop>> FetchLoop::start(FetchConfig config, std::string thread_name,
                                                    Done done, std::function<void()> round_end) {
    SLUICE_TRY(auto shared, TransferShared::make(std::move(config)));
    SLUICE_TRY(auto poller, Poller::open());
    shared->poller = poller.get();
    auto parts = std::make_unique<Parts>(std::move(shared), std::move(poller), std::move(done),
                                         std::move(round_end));
    SLUICE_TRY_STATUS(parts->prepare());
    Parts* raw = parts.get();
    parts->thread = Thread(std::move(thread_name), [raw] { raw->run(); });
    return std::unique_ptr<FetchLoop>(new FetchLoop(std::move(parts)));
}

bool FetchLoop::fetch(FetchOrder order, Extra extra) {
    if (parts_->orders.try_push({std::move(order), std::move(extra)}) != ChannelStatus::ok) {
        return false;
    }
    parts_->poller->wake();
    return true;
}

void FetchLoop::cancel_all() {
    parts_->cancel.store(true);
    parts_->poller->wake();
}

void FetchLoop::stop() {
    parts_->orders.close();
    parts_->cancel.store(true);
    parts_->poller->wake();
    // Several may ask; each returns when the thread has ended.
    (void)parts_->stopped.call([this]() -> Status {
        parts_->thread.join();
        return {};
    });
}

}  // namespace sluice::crawl
