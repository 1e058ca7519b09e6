// SPDX-License-Identifier: Apache-2.0
#include "modules/work/secrets.h"

#include "kernel/base/text.h"
#include "kernel/net/owned_fd.h"
#include "kernel/observe/log.h"
#include "kernel/wire/json_reader.h"
#include "kernel/wire/json_text.h"
#include "modules/work/core/mail/mail_text.h"
#include "modules/work/core/utf8.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <system_error>

namespace sluice::work {

namespace {

constexpr std::string_view reference_name = "$secret";
constexpr std::string_view instead = "***";

std::string shown(std::string_view name) {
    return "the secret \"" + std::string(truncate_utf8(name, 64)) + "\"";
}

/// The whole of a small file; whether others can read it.
struct Opened {
    std::string content;
    bool open_to_others = false;
};
Result<Opened> read_secret_file(const std::string& path) {
    const auto failed = [](int error) {
        return fail(Code::io, "its file cannot be read: " + std::generic_category().message(error));
    };
    const OwnedFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    struct stat about{};
    if (!fd || ::fstat(fd.get(), &about) != 0) return failed(errno);
    if (!S_ISREG(about.st_mode)) return fail(Code::io, "its file is not a regular one");
    Opened out;
    out.open_to_others = (about.st_mode & (S_IROTH | S_IWOTH)) != 0;
    out.content.resize(secret_bytes_max + 2);
    std::size_t size = 0;
    while (size < out.content.size()) {
        const ssize_t count =
            ::read(fd.get(), out.content.data() + size, out.content.size() - size);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return failed(errno);
        if (count == 0) break;
        size += static_cast<std::size_t>(count);
    }
    out.content.resize(size);
    return out;
}

void replace_all(std::string& text, std::string_view value) {
    for (std::size_t at = 0; (at = text.find(value, at)) != std::string::npos;
         at += instead.size()) {
        text.replace(at, value.size(), instead);
    }
}

/// As it stands in a text of JSON; some write only ASCII, and some write "\/".
std::string in_json(const std::string& value, bool ascii, bool slashes) {
    std::string out;
    const auto unit = [&out](unsigned number) {
        constexpr std::string_view digits = "0123456789abcdef";
        out += "\\u";
        for (const int shift : {12, 8, 4, 0}) out += digits[number >> shift & 15];
    };
    const auto put = [&](char32_t c) {
        if (!ascii || c < 0x80) {
            append_utf8(out, c);
        } else if (c < 0x10000) {
            unit(static_cast<unsigned>(c));
        } else {
            unit(0xD800 + (static_cast<unsigned>(c - 0x10000) >> 10));
            unit(0xDC00 + (static_cast<unsigned>(c - 0x10000) & 0x3FF));
        }
    };
    Utf8Decoder decoder;
    const std::string quoted = json_escape(value);
    for (const char c : std::string_view(quoted).substr(1, quoted.size() - 2)) {
        if (slashes && c == '/') out += '\\';
        decoder.feed(std::string_view(&c, 1), put);
    }
    decoder.finish(put);
    return out;
}

std::string in_url(std::string_view value, std::string_view digits) {
    std::string out;
    for (const char c : value) {
        const auto byte = static_cast<unsigned char>(c);
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                           (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~';
        if (plain) {
            out += c;
        } else {
            out += '%';
            out += digits[byte >> 4];
            out += digits[byte & 15];
        }
    }
    return out;
}

/// What of its base64 is the same whatever stands around it, if there are `before` bytes, or three
/// or six … more, before it.
std::string in_base64(std::string_view value, std::size_t before) {
    const std::string whole = base64(std::string(before, ' ') + std::string(value), 0);
    const std::size_t first = before == 0 ? 0 : before + 1;
    const std::size_t end = (before + value.size()) * 8 / 6;
    return whole.substr(first, end - first);
}

/// Copies a value with every text in it changed by `change`.
template <class Change>
void copy_texts(JsonWriter& json, JsonView value, const Change& change) {
    if (value.is_object()) {
        json.begin_object();
        for (const JsonMember member : value.members()) {
            json.key(change(std::string(member.name)));
            copy_texts(json, member.value, change);
        }
        json.end_object();
    } else if (value.is_array()) {
        json.begin_array();
        for (const JsonView each : value.elements()) copy_texts(json, each, change);
        json.end_array();
    } else if (value.is_string()) {
        json.string(change(std::string(*value.as_string())));
    } else {
        // A number may be a secret, too.
        const std::string raw(value.raw());
        const std::string changed = change(raw);
        if (raw == changed) {
            json.raw(raw);
        } else {
            json.string(changed);
        }
    }
}

/// One walk through the arguments of a job.
class Filling {
public:
    Filling(const sdk::JobSchema& schema, const Secrets& secrets, Redactor& given)
        : schema_(schema), secrets_(secrets), given_(given) {}

    Result<std::string> fill(JsonView root) {
        std::string out;
        JsonWriter json(out);
        json.begin_array();
        std::size_t position = 0;
        for (const JsonView value : root.elements()) {
            const bool is_reference = value.find(reference_name).has_value();
            if (value.is_object() && !is_reference) {
                json.begin_object();
                for (const JsonMember member : value.members()) {
                    json.key(member.name);
                    SLUICE_TRY_STATUS(put(json, member.value, member.name));
                }
                json.end_object();
            } else {
                const bool known = position < schema_.arguments.size();
                SLUICE_TRY_STATUS(put(json, value, known ? schema_.arguments[position].name : ""));
            }
            ++position;
        }
        json.end_array();
        return out;
    }

private:
    Status put(JsonWriter& json, JsonView value, std::string_view argument) {
        const sdk::Argument* row = schema_.find(argument);
        if (row != nullptr && row->passes_secrets) {
            json.raw(value.raw());
            return {};
        }
        if (value.is_object() && value.find(reference_name)) {
            if (row != nullptr && row->secrets) return put_secret(json, value, argument);
            return fail(Code::invalid, named(argument) + " takes no secrets");
        }
        if (value.is_object()) {
            json.begin_object();
            for (const JsonMember member : value.members()) {
                json.key(member.name);
                SLUICE_TRY_STATUS(put(json, member.value, argument));
            }
            json.end_object();
        } else if (value.is_array()) {
            json.begin_array();
            for (const JsonView each : value.elements()) {
                SLUICE_TRY_STATUS(put(json, each, argument));
            }
            json.end_array();
        } else {
            json.raw(value.raw());
        }
        return {};
    }

    static std::string named(std::string_view argument) {
        return "`" + std::string(truncate_utf8(argument, 64)) + "`";
    }

    Status put_secret(JsonWriter& json, JsonView value, std::string_view argument) {
        const std::string where = named(argument);
        std::size_t members = 0;
        for ([[maybe_unused]] const JsonMember member : value.members()) ++members;
        const auto name = value.find(reference_name)->as_string();
        if (members != 1 || !name) {
            return fail(Code::invalid,
                        where + ": a secret is written {\"$secret\": \"NAME\"} and nothing else");
        }
        auto text = secrets_.read(*name);
        if (!text) return std::move(text).error().in(where);
        json.string(*text);
        given_.add(*std::move(text));
        return {};
    }

    const sdk::JobSchema& schema_;
    const Secrets& secrets_;
    Redactor& given_;
};

}  // namespace

Result<Secrets> Secrets::make(const std::vector<SecretSource>& sources) {
    Secrets out;
    for (const SecretSource& source : sources) {
        const std::string setting = "work.secrets." + source.name;
        if (source.file.empty() == source.env.empty()) {
            return fail(Code::invalid, setting + ": give either a file or an env");
        }
        if (!source.file.empty() && !source.file.starts_with('/')) {
            return fail(Code::invalid, setting + ".file: write the whole path, from / on");
        }
        auto made = std::make_unique<Source>();
        made->where = source;
        out.sources_[source.name] = std::move(made);
    }
    return out;
}

Result<std::string> Secrets::read(std::string_view name) const {
    const auto found = sources_.find(name);
    if (found == sources_.end()) {
        return fail(Code::denied, "this worker has no " + shown(name).substr(4));
    }
    const Source& source = *found->second;
    std::string value;
    if (!source.where.env.empty()) {
        const char* text = std::getenv(source.where.env.c_str());
        if (text == nullptr) return fail(Code::io, shown(name) + ": its variable is not set");
        value = text;
    } else {
        auto opened = read_secret_file(source.where.file);
        if (!opened) return std::move(opened).error().in(shown(name));
        if (opened->open_to_others && !source.warned.exchange(true)) {
            log_warning("a secret's file can be read by every user of this machine",
                        {{"secret", source.where.name}, {"file", source.where.file}});
        }
        value = std::move(opened->content);
    }
    if (value.ends_with('\n')) value.pop_back();
    if (value.ends_with('\r')) value.pop_back();
    if (value.size() < secret_bytes_min || value.size() > secret_bytes_max) {
        return fail(Code::invalid, shown(name) + " has fewer than " +
                                       std::to_string(secret_bytes_min) + " or more than " +
                                       std::to_string(secret_bytes_max) + " bytes");
    }
    return value;
}

void Redactor::add(std::string value) {
    if (value.size() < secret_bytes_min) return;
    const auto add_form = [this](std::string form) {
        if (form.size() < secret_bytes_min) return;
        if (std::find(values_.begin(), values_.end(), form) != values_.end()) return;
        values_.push_back(std::move(form));
    };
    // Others may say it as JSON, in a URL or in base64 (as logins are, with a name before it).
    for (const bool ascii : {false, true}) {
        add_form(in_json(value, ascii, false));
        add_form(in_json(value, ascii, true));
    }
    for (const std::string_view digits : {"0123456789ABCDEF", "0123456789abcdef"}) {
        add_form(in_url(value, digits));
    }
    for (std::size_t before = 0; before < 3; ++before) {
        std::string form = in_base64(value, before);
        add_form(form);
        std::replace(form.begin(), form.end(), '+', '-');
        std::replace(form.begin(), form.end(), '/', '_');
        add_form(std::move(form));
    }
    add_form(std::move(value));
    std::sort(values_.begin(), values_.end(),
              [](const auto& a, const auto& b) { return a.size() > b.size(); });
}

std::string Redactor::text(std::string text) const {
    for (const std::string& value : values_) replace_all(text, value);
    return text;
}

std::string Redactor::json(std::string json) const {
    if (empty()) return json;
    const auto document = JsonDocument::parse(json);
    if (!document) return "null";  // never: a result is JSON
    std::string out;
    JsonWriter writer(out);
    copy_texts(writer, document->root(),
               [this](std::string each) { return text(std::move(each)); });
    return out;
}

sdk::Outcome Redactor::outcome(sdk::Outcome outcome) const {
    if (empty()) return outcome;
    if (auto* failure = std::get_if<sdk::Failure>(&outcome)) {
        failure->message = text(std::move(failure->message));
        failure->errtype = text(std::move(failure->errtype));
        return outcome;
    }
    return json(std::get<std::string>(std::move(outcome)));
}

Result<std::string> put_secrets(const std::string& args, const sdk::JobSchema& schema,
                                const Secrets& secrets, Redactor& given) {
    // Whatever hides the word behind an escape stays an object, which no text argument takes.
    if (args.find(reference_name) == std::string::npos) return args;
    auto document = JsonDocument::parse(args, {.nodes_max = 100'000});
    if (!document || !document->root().is_array()) return args;  // judged by whoever reads them
    return Filling(schema, secrets, given).fill(document->root());
}

}  // namespace sluice::work
