// SPDX-License-Identifier: Apache-2.0
// The face of this module to the programs: what `sluice simulate` runs and shows. It has nothing to
// mount; the simulator is not part of the server.
#pragma once

#include "modules/sim/core/report_render.h"
#include "modules/sim/shell/dist_text.h"
#include "modules/sim/shell/scenario_file.h"
#include "modules/sim/shell/threaded_report.h"
#include "modules/sim/shell/threaded_run.h"
#include "modules/sim/shell/virtual_run.h"
