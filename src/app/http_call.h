// SPDX-License-Identifier: Apache-2.0
// One HTTP request to the server's admin side, for the commands. Blocking, with a deadline.
#pragma once

#include "kernel/base/result.h"
#include "kernel/base/time.h"

#include <string>

namespace sluice::app {

struct HttpTarget {
    std::string address = "127.0.0.1:7420";  ///< also as http://HOST:PORT
    Duration timeout = 600s;
};
struct HttpCall {
    std::string method;
    std::string path;
    std::string body;
};
struct HttpAnswer {
    int status = 0;
    std::string body;
};

/// The password, if the admin side wants one, is taken from SLUICE_HTTP_PASSWORD.
/// Errors: invalid (no address), io (no server there, or another one), timeout.
Result<HttpAnswer> http_call(const HttpTarget& target, const HttpCall& call);

}  // namespace sluice::app
