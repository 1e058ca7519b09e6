// SPDX-License-Identifier: Apache-2.0
// From a function on structs to a Handler: reads the arguments into a described struct (members.h),
// calls the function, and writes its answer as JSON. The producer's side is typed_job.h.
#pragma once

#include "sdk/error_codes.h"
#include "sdk/handler.h"
#include "sdk/typed_schema.h"

#include <concepts>
#include <string>
#include <type_traits>
#include <utility>

namespace sluice::sdk {

namespace detail {
template <class T>
inline constexpr bool is_result = false;
template <class T>
inline constexpr bool is_result<Result<T>> = true;

template <class Answer>
Outcome outcome_of(Answer answer) {
    if constexpr (std::same_as<Answer, Outcome>) {
        return answer;
    } else if constexpr (std::same_as<Answer, Failure>) {
        return Outcome(std::move(answer));
    } else if constexpr (std::same_as<Answer, Status>) {
        return answer ? Outcome(std::string()) : Outcome(failure_of(answer.error()));
    } else if constexpr (is_result<Answer>) {
        if (!answer) return failure_of(answer.error());
        return outcome_of<typename Answer::value_type>(std::move(answer).value());
    } else {
        return to_json(answer);
    }
}

template <class Function, class... Given>
Outcome outcome_of_call(const Function& function, Given&... given) {
    using Answer = std::invoke_result_t<const Function&, Given&...>;
    if constexpr (std::is_void_v<Answer>) {
        function(given...);
        return std::string();
    } else {
        return outcome_of<std::remove_cvref_t<Answer>>(function(given...));
    }
}
}  // namespace detail

/// What a typed handler's function may be: it takes the arguments and, if it likes, the context;
/// it gives an answer, a Result of one, a Status, an Outcome, or nothing. Called from several
/// threads at once, so it is called as const.
template <class Function, class Args>
concept TypedFunction = std::is_invocable_v<const Function&, const Args&, JobContext&> ||
                        std::is_invocable_v<const Function&, const Args&>;

/// Arguments that do not fit fail the job for good as InvalidArguments, with the member's name. An
/// Error becomes failure_of() it. An answer is any type that to_json() writes; a text in an Outcome
/// is JSON already.
template <Described Args, TypedFunction<Args> Function>
Handler typed_handler(Function function) {
    return [function = std::move(function)](JobContext& context) -> Outcome {
        const auto args = read_args<Args>(context.job().args);
        if (!args) {
            return Failure{
                .errtype = "InvalidArguments", .message = args.error().message, .final = true};
        }
        if constexpr (std::is_invocable_v<const Function&, const Args&, JobContext&>) {
            return detail::outcome_of_call(function, *args, context);
        } else {
            return detail::outcome_of_call(function, *args);
        }
    };
}

/// A row of a table of job types, with the schema that the struct says. `summary` and
/// `result_help` are Markdown.
template <NamedJob Args, TypedFunction<Args> Function>
JobType typed_job_type(std::string summary, std::string result_help, Function function) {
    JobType type;
    type.name = std::string_view(Args::job_type);
    type.summary = std::move(summary);
    type.schema = schema_of<Args>();
    type.result_help = std::move(result_help);
    type.example = "sluice push " + type.name;
    type.run = typed_handler<Args>(std::move(function));
    return type;
}

}  // namespace sluice::sdk
