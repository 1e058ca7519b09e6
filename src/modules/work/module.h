// SPDX-License-Identifier: Apache-2.0
// The face of this module to the programs: the built-in job types, and processes for their
// handlers. It has nothing to mount; a worker is not part of the server.
#pragma once

#include "modules/work/shell/isolation/handler_process.h"
#include "modules/work/types.h"
