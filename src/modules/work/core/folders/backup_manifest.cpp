// SPDX-License-Identifier: Apache-2.0
#include "modules/work/core/folders/backup_manifest.h"

#include "kernel/base/text.h"
#include "kernel/wire/json_reader.h"

#include <algorithm>
#include <array>

namespace sluice::work {

namespace {

constexpr std::array<std::string_view, 3> kinds{"file", "folder", "link"};

Error corrupt(std::size_t line, std::string_view what) {
    return fail(Code::corrupt, "the snapshot is damaged in line " + std::to_string(line) + ": " +
                                   std::string(what));
}

/// JSON holds text, names are bytes: what is not UTF-8 is written in hexadecimal.
void put_bytes(JsonWriter& json, const std::string& name, std::string_view bytes) {
    const std::string quoted = json_escape(bytes);
    const auto back = JsonDocument::parse(quoted);
    if (back && back->root().as_string().value() == bytes) {
        json.key(name).raw(quoted);
    } else {
        json.key(name + "_hex").string(to_hex(bytes));
    }
}

int digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

Result<std::string> bytes_of(JsonView value, const std::string& name) {
    if (const auto plain = value.find(name)) {
        SLUICE_TRY(const std::string_view text, plain->as_string());
        return std::string(text);
    }
    const auto coded = value.find(name + "_hex");
    if (!coded) return fail(Code::corrupt, "no " + name);
    SLUICE_TRY(const std::string_view text, coded->as_string());
    std::string out;
    for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
        const int high = digit(text[i]);
        const int low = digit(text[i + 1]);
        if (high < 0 || low < 0) return fail(Code::corrupt, "no hexadecimal digits");
        out += static_cast<char>(high * 16 + low);
    }
    return out;
}

void put_entry(std::string& out, const BackupEntry& entry) {
    JsonWriter json(out);
    json.begin_object();
    put_bytes(json, "path", entry.path);
    json.key("kind").string(kinds[static_cast<std::size_t>(entry.kind)]);
    json.key("changed_ns").integer(to_ns(entry.changed));
    if (entry.kind == BackupKind::file) {
        json.key("size").unsigned_integer(entry.size).key("sha256").string(entry.sha256);
        if (entry.executable) json.key("executable").boolean(true);
    }
    if (entry.kind == BackupKind::link) put_bytes(json, "target", entry.target);
    json.end_object();
    out += '\n';
}

Result<BackupEntry> read_entry(JsonView value) {
    BackupEntry entry;
    SLUICE_TRY(entry.path, bytes_of(value, "path"));
    const auto kind = value.find("kind");
    const auto changed = value.find("changed_ns");
    if (!kind || !changed) return fail(Code::corrupt, "a member is missing");
    SLUICE_TRY(const std::string_view word, kind->as_string());
    const auto* const found = std::find(kinds.begin(), kinds.end(), word);
    if (found == kinds.end()) return fail(Code::corrupt, "an unknown kind");
    entry.kind = static_cast<BackupKind>(found - kinds.begin());
    SLUICE_TRY(const std::int64_t ns, changed->as_int());
    entry.changed = wall_from_ns(ns);
    if (entry.kind == BackupKind::link) {
        SLUICE_TRY(entry.target, bytes_of(value, "target"));
    }
    if (entry.kind != BackupKind::file) return entry;
    const auto size = value.find("size");
    if (!size) return fail(Code::corrupt, "no size");
    SLUICE_TRY(entry.size, size->as_uint());
    SLUICE_TRY(entry.sha256, bytes_of(value, "sha256"));
    if (!is_sha256(entry.sha256)) return fail(Code::corrupt, "no SHA-256");
    if (const auto executable = value.find("executable")) {
        SLUICE_TRY(entry.executable, executable->as_bool());
    }
    return entry;
}

Status read_head(JsonView value, BackupManifest& manifest) {
    const auto version = value.find("sluice_backup");
    if (!version) return corrupt(1, "not a snapshot");
    SLUICE_TRY(const std::int64_t number, version->as_int());
    if (number != 1) return fail(Code::invalid, "the snapshot is of a newer version");
    SLUICE_TRY(manifest.source, bytes_of(value, "source"));
    const auto taken = value.find("taken_ns");
    if (!taken) return corrupt(1, "no time");
    SLUICE_TRY(const std::int64_t ns, taken->as_int());
    manifest.taken = wall_from_ns(ns);
    return {};
}

}  // namespace

bool is_sha256(std::string_view text) {
    return text.size() == 64 &&
           std::all_of(text.begin(), text.end(), [](char c) { return digit(c) >= 0; });
}

std::string object_path(std::string_view sha256) {
    return "objects/" + std::string(sha256.substr(0, 2)) + "/" + std::string(sha256) + ".zst";
}

std::string format_manifest(const BackupManifest& manifest, const BackupDigest& digest) {
    std::string out;
    JsonWriter head(out);
    head.begin_object().key("sluice_backup").integer(1);
    put_bytes(head, "source", manifest.source);
    head.key("taken_ns").integer(to_ns(manifest.taken)).end_object();
    out += '\n';
    for (const BackupEntry& entry : manifest.entries) put_entry(out, entry);
    const std::string sum = digest(out);
    out += "{\"entries\":" + std::to_string(manifest.entries.size()) + ",\"sha256\":\"" + sum +
           "\"}\n";
    return out;
}

Result<BackupManifest> parse_manifest(std::string_view text, const BackupDigest& digest) {
    auto lines = split(text, '\n');
    if (lines.size() < 3 || !lines.back().empty()) return corrupt(lines.size(), "it is cut off");
    lines.pop_back();
    const std::string_view last = lines.back();
    lines.pop_back();
    const std::string_view covered = text.substr(0, text.size() - last.size() - 1);
    const std::string expected = "{\"entries\":" + std::to_string(lines.size() - 1) +
                                 ",\"sha256\":\"" + digest(covered) + "\"}";
    if (last != expected) return corrupt(lines.size() + 1, "its digest does not fit");
    BackupManifest manifest;
    JsonParser parser;
    for (std::size_t i = 0; i < lines.size(); ++i) {
        const auto value = parser.parse(lines[i]);
        if (!value) return corrupt(i + 1, value.error().message);
        if (i == 0) {
            SLUICE_TRY_STATUS(read_head(*value, manifest));
            continue;
        }
        auto entry = read_entry(*value);
        if (!entry) return corrupt(i + 1, entry.error().message);
        manifest.entries.push_back(*std::move(entry));
    }
    return manifest;
}

}  // namespace sluice::work
