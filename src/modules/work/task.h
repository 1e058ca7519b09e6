// SPDX-License-Identifier: Apache-2.0
// What all built-in job types share: the settings they run under, the way from arguments to a
// handler, and reading a file piece by piece. Private to this module.
#pragma once

#include "kernel/base/result.h"
#include "kernel/net/address_rules.h"
#include "kernel/sync/cancel.h"
#include "modules/work/secrets.h"
#include "modules/work/shell/rooted_files.h"
#include "modules/work/types.h"
#include "sdk/arguments.h"
#include "sdk/handler.h"

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::work {

/// Files are read and written in pieces of this many bytes.
inline constexpr std::size_t piece_bytes = 256 * 1024;

/// What handlers share; never changed after it is made.
struct Services {
    WorkSettings settings;
    RootedFiles files;
    AddressRules rules;
    Secrets secrets;
};
using SharedServices = std::shared_ptr<const Services>;

/// One run of a handler.
class Task {
public:
    Task(sdk::JobContext& context, const Services& shared, Redactor& given)
        : services(shared), context_(context), given_(given) {}

    [[nodiscard]] const CancelToken& cancel() const { return context_.cancel(); }
    [[nodiscard]] const sdk::Delivery& job() const { return context_.job(); }
    /// As JobContext::push and ends.
    Result<std::vector<sdk::Refusal>> push(std::span<sdk::JobSpec> jobs) {
        return context_.push(jobs);
    }
    Result<std::vector<sdk::JobEnd>> ends(std::span<const std::string> jids) {
        return context_.ends(jids);
    }
    /// A secret that the worker's settings name; kept out of what the job says, as are those of the
    /// arguments. Errors: as Secrets::read.
    Result<std::string> secret(std::string_view name);
    /// What must be kept out of what the job says.
    [[nodiscard]] Redactor& secrets() { return given_; }
    /// Reports when the percentage has changed.
    void progress(int percent, std::string_view note);
    /// Gives the whole file to `take` in pieces, and reports progress; looks at the cancel token
    /// before each piece. Errors: cancelled, timeout, io, and those of `take`.
    Status read(InputFile& file, const std::function<Status(std::string_view)>& take);

    const Services& services;

private:
    sdk::JobContext& context_;
    Redactor& given_;
    int percent_ = -1;
};

/// The failure that a job gives for an error met while running: whether trying again can help
/// follows from its code.
sdk::Failure to_failure(const Error& error);
inline sdk::Outcome to_outcome(sdk::Outcome outcome) { return outcome; }
inline sdk::Outcome to_outcome(Result<std::string> result) {
    if (!result) return to_failure(result.error());
    return *std::move(result);
}

using sdk::ArgumentKind;
using sdk::Arguments;

/// A row of the table whose handler is made of two functions: `read` makes a request of arguments
/// that fit the row's schema, secrets put in (what it refuses, and its errors, become the final
/// failure "InvalidArguments"), `run` does the work.
template <class Request, class Answer>
sdk::JobType with_handler(sdk::JobType row, SharedServices services,
                          Result<Request> (*read)(Arguments&, const Services&),
                          Answer (*run)(const Request&, Task&)) {
    const auto judge = [read](const std::string& json, const sdk::JobSchema& schema,
                              const Services& shared) -> Result<Request> {
        SLUICE_TRY(Arguments arguments, Arguments::parse(json, schema));
        auto request = read(arguments, shared);
        SLUICE_TRY_STATUS(arguments.status());
        return request;
    };
    row.run = [services = std::move(services), schema = row.schema, judge,
               run](sdk::JobContext& context) -> sdk::Outcome {
        Redactor given;
        const auto args = put_secrets(context.job().args, schema, services->secrets, given);
        if (!args) return to_failure(args.error());
        const auto request = judge(*args, schema, *services);
        if (!request) {
            return given.outcome(
                sdk::Failure{"InvalidArguments", request.error().message, true, {}});
        }
        if (const auto status = context.cancel().check(); !status) {
            return to_failure(status.error());
        }
        Task task(context, *services, given);
        return given.outcome(to_outcome(run(*request, task)));
    };
    return row;
}

/// Errors: invalid (the mail server, an address, a secret that there is not).
Status check_mail_policy(const WorkSettings& settings);

/// Arguments that many types have.
sdk::Argument timeout_argument(Duration usual, Duration most, std::string help);
inline sdk::Argument output_argument(bool required = true) {
    return {.name = "output",
            .required = required,
            .help =
                "where the result goes, below the folder for writing; replaced at once when "
                "the job is done"};
}
/// `output` and `replace` of types that make a folder.
inline sdk::Argument output_folder_argument() {
    return {.name = "output",
            .required = true,
            .help =
                "the folder to make, below the folder for writing; it appears at once when "
                "everything is in it"};
}
inline sdk::Argument replace_argument() {
    return {.name = "replace",
            .kind = sdk::ArgumentKind::boolean,
            .fallback = "false",
            .help =
                "whether a folder of that name is replaced, with all that is in it; else the "
                "job fails"};
}
inline sdk::Argument path_argument() {
    return {.name = "path", .required = true, .help = "the file, below a folder for reading"};
}

std::vector<sdk::JobType> archive_types(const SharedServices& services);
/// file.hash, file.type, file.split and file.join.
std::vector<sdk::JobType> file_check_types(const SharedServices& services);
std::vector<sdk::JobType> file_part_types(const SharedServices& services);
std::vector<sdk::JobType> markdown_types(const SharedServices& services);
std::vector<sdk::JobType> number_types(const SharedServices& services);
/// json.to_csv and csv.to_json.
std::vector<sdk::JobType> table_types(const SharedServices& services);
sdk::JobType text_wordcount(const SharedServices& services);
sdk::JobType text_convert(const SharedServices& services);
sdk::JobType math_primes(const SharedServices& services);
sdk::JobType math_factorial(const SharedServices& services);
sdk::JobType file_compress(const SharedServices& services);
sdk::JobType file_decompress(const SharedServices& services);
std::vector<sdk::JobType> csv_types(const SharedServices& services);
sdk::JobType log_analyze(const SharedServices& services);
sdk::JobType report_render(const SharedServices& services);
sdk::JobType http_get(const SharedServices& services);
sdk::JobType exec(const SharedServices& services);
std::vector<sdk::JobType> flow_types(const SharedServices& services);
sdk::JobType health_check(const SharedServices& services);
sdk::JobType monitor_sample(const SharedServices& services);
std::vector<sdk::JobType> folder_types(const SharedServices& services);
std::vector<sdk::JobType> backup_types(const SharedServices& services);
std::vector<sdk::JobType> image_types(const SharedServices& services);
sdk::JobType mail_send(const SharedServices& services);

}  // namespace sluice::work
