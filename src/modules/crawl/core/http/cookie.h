// SPDX-License-Identifier: Apache-2.0
// One Set-Cookie header as RFC 6265, 5.2 reads it. Whether the cookie is taken, and to whom it is
// sent, is cookie_jar.h.
#pragma once

#include "kernel/base/time.h"

#include <optional>
#include <string>
#include <string_view>

namespace sluice::crawl {

/// What the header says; attributes that make no sense are not there.
struct SetCookie {
    std::string name;  ///< Not empty.
    std::string value;
    std::optional<WallTime> expires;
    std::optional<std::chrono::seconds> max_age;  ///< Wins over `expires`; 0 or less: at once.
    std::string domain;  ///< Lower case, without its leading dot; empty: not given.
    std::string path;    ///< Begins with a slash; empty: not given.
    bool secure = false;
    bool http_only = false;
};

/// Nothing if there is no name or no "=". A NUL or line end ends the header.
std::optional<SetCookie> parse_set_cookie(std::string_view header);

/// The Path of a cookie that gives none: the folder of the request's path (RFC 6265, 5.1.4).
std::string_view default_cookie_path(std::string_view request_path);
/// RFC 6265, 5.1.4.
bool cookie_path_matches(std::string_view request_path, std::string_view cookie_path);

}  // namespace sluice::crawl
