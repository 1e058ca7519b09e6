// SPDX-License-Identifier: Apache-2.0
// Pages of the admin side that show the process itself, whatever modules it has.
#pragma once

#include "kernel/net/http.h"

namespace sluice {

/// GET /debug: the list of them. GET /debug/contention: who waited how long on what, since the
/// start; `?format=json` for machines.
void add_debug_pages(HttpRouter& router);

}  // namespace sluice
