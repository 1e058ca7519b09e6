// SPDX-License-Identifier: Apache-2.0
// A look at the index of a zip file (APPNOTE.TXT 4.3) before anything is made of it: libarchive
// trusts it, and passes over entries that lie where another one does. Private to this folder.
#pragma once

#include "kernel/sync/cancel.h"
#include "modules/work/shell/rooted_files.h"

namespace sluice::work {

/// Whether the index is whole and lies right before its end record, and no two entries share bytes
/// of the file. Errors: corrupt, invalid (entries that overlap: a zip bomb), exhausted (an index of
/// more than `index_max`), io.
Status check_zip_index(const InputFile& file, Bytes index_max);

}  // namespace sluice::work
