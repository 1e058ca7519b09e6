// SPDX-License-Identifier: Apache-2.0
// Secrets by reference: a job names one of the worker's secrets, `{"$secret": "smtp"}`, where the
// table of its arguments allows it; the value is put in just before the job runs and taken out of
// whatever the job says: result, failure and progress. Private to this module.
#pragma once

#include "kernel/base/result.h"
#include "modules/work/types.h"
#include "sdk/handler.h"
#include "sdk/job_schema.h"

#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::work {

inline constexpr std::size_t secret_bytes_min = 4;  ///< Shorter ones would be found everywhere.
inline constexpr std::size_t secret_bytes_max = 64 * 1024;

/// Where the worker's secrets are; reads them when they are asked for and keeps none. Any thread.
class Secrets {
public:
    /// Errors: invalid (a source that is neither a file nor a variable, or both).
    static Result<Secrets> make(const std::vector<SecretSource>& sources);

    /// The value; one line end at its end does not count. A file that others can read is warned of
    /// once. Errors, none of which holds the value: denied (no such secret), io (the file or the
    /// variable is not there), invalid (too short, too long).
    [[nodiscard]] Result<std::string> read(std::string_view name) const;

private:
    struct Source {
        SecretSource where;
        mutable std::atomic<bool> warned{false};
    };
    std::map<std::string, std::unique_ptr<const Source>, std::less<>> sources_;
};

/// The values that one run of a job has been given, and texts without them. One thread.
class Redactor {
public:
    void add(std::string value);
    [[nodiscard]] bool empty() const { return values_.empty(); }
    /// Every value in the text becomes "***".
    [[nodiscard]] std::string text(std::string text) const;
    /// The same in all names and texts of JSON, which stays valid.
    [[nodiscard]] std::string json(std::string json) const;
    [[nodiscard]] sdk::Outcome outcome(sdk::Outcome outcome) const;

private:
    std::vector<std::string> values_;  ///< Longer ones first.
};

/// The arguments with the values in place of the references; the values are added to `given`.
/// Errors: invalid (a reference where the table allows none, or of another form; names the
/// argument), and those of Secrets::read.
Result<std::string> put_secrets(const std::string& args, const sdk::JobSchema& schema,
                                const Secrets& secrets, Redactor& given);

}  // namespace sluice::work
