// SPDX-License-Identifier: Apache-2.0
// The parts of Pipeline that do not know the item types.
#include "kernel/sync/pipeline.h"

namespace sluice {

Pipeline::Pipeline(const CancelToken& parent)
    : source_(parent),
      token_(source_.token()),
      closer_(token_.on_cancel([this] { close_all(); })) {}

Pipeline::~Pipeline() {
    cancel();
    threads_.clear();
    closer_.reset();
}

Status Pipeline::wait() {
    for (Thread& thread : threads_) thread.join();
    MutexLock lock(mutex_);
    if (first_error_) return *first_error_;
    return {};
}

void Pipeline::cancel(Error reason) { source_.cancel(std::move(reason)); }

void Pipeline::keep_channel(std::unique_ptr<AnyChannel> channel) {
    MutexLock lock(mutex_);
    if (closed_) channel->close();
    channels_.push_back(std::move(channel));
}

void Pipeline::failed(Error error) {
    MutexLock lock(mutex_);
    if (!first_error_) first_error_ = std::move(error);
}

void Pipeline::close_all() {
    MutexLock lock(mutex_);
    closed_ = true;
    for (const auto& channel : channels_) channel->close();
}

}  // namespace sluice
