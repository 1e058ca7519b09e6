// SPDX-License-Identifier: Apache-2.0
// The manifest of a backup: what a folder held at one moment, as JSON lines that end in their own
// digest (docs/backup-format.md). Pure.
#pragma once

#include "kernel/base/result.h"
#include "kernel/base/time.h"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::work {

enum class BackupKind : std::uint8_t { file, folder, link };

struct BackupEntry {
    std::string path;  ///< any bytes but NUL
    BackupKind kind = BackupKind::file;
    std::uint64_t size = 0;
    WallTime changed{};
    bool executable = false;
    std::string sha256;  ///< of files
    std::string target;  ///< of links
};

struct BackupManifest {
    std::string source;
    WallTime taken{};
    std::vector<BackupEntry> entries;  ///< sorted by path
};

/// Gives the hexadecimal SHA-256 of a text.
using BackupDigest = std::function<std::string(std::string_view)>;
std::string format_manifest(const BackupManifest& manifest, const BackupDigest& digest);
/// Errors: corrupt (cut off, changed, not a manifest; with the line), invalid (a newer version).
Result<BackupManifest> parse_manifest(std::string_view text, const BackupDigest& digest);

/// Where the content of that digest is kept in a store.
std::string object_path(std::string_view sha256);
/// 64 lower-case hexadecimal digits.
bool is_sha256(std::string_view text);

}  // namespace sluice::work
