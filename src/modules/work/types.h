// SPDX-License-Identifier: Apache-2.0
// The built-in job types: the door of this module. What a worker is allowed to touch is told here,
// once, by whoever runs it; a job can only choose within that.
#pragma once

#include "kernel/base/bytes.h"
#include "kernel/base/result.h"
#include "kernel/base/time.h"
#include "modules/work/exec_handlers.h"
#include "sdk/handler.h"

#include <cstdint>
#include <string>
#include <vector>

namespace sluice::work {

/// A program that `exec` may run.
struct AllowedProgram {
    std::string name;  ///< What jobs call it.
    std::string path;  ///< Absolute.
    /// Arguments put before those of the job.
    std::vector<std::string> arguments{};
    /// Environment, NAME=value.
    std::vector<std::string> environment{};
    /// Names of variables that a job may set.
    std::vector<std::string> variables{};
};

/// What `http.get` may reach. With neither hosts nor networks: nothing.
struct HttpPolicy {
    /// Host patterns ("*.example.org"; "*" for all): their public addresses are allowed.
    std::vector<std::string> hosts{};
    /// Networks ("10.1.0.0/16") that are allowed although they may be private. Without hosts,
    /// only these.
    std::vector<std::string> networks{};
    Bytes body_max = mib(64);
    Duration timeout_max{120s};
};

/// What `mail.send` may do. Jobs choose neither the server nor its password.
struct MailPolicy {
    /// "smtp://mail.example.org:587" (STARTTLS) or "smtps://mail.example.org:465"; empty: none.
    std::string server{};
    /// "required", "preferred" or "none".
    std::string tls = "required";
    std::string tls_ca{};  ///< PEM; empty: the system's authorities.
    std::string user{};    ///< Empty: no login.
    std::string secret{};  ///< Which of the secrets is its password.
    std::string from{};    ///< The sender where a job names none.
    /// Patterns of the senders that jobs may name, beside `from`.
    std::vector<std::string> senders{};
    /// Patterns of the recipients that jobs may name.
    std::vector<std::string> recipients = {"*"};
};

/// Where a secret is: in a file, or in a variable of the environment.
struct SecretSource {
    std::string name;
    std::string file{};
    std::string env{};
};

/// Each is the most that a job can ask for or cause.
struct WorkLimits {
    Bytes input_max{std::uint64_t{4} << 30};
    Bytes output_max{std::uint64_t{1} << 30};
    /// Bytes written per byte read by file.decompress, after the first MiB.
    std::uint64_t ratio_max = 300;
    /// Of csv.sort, csv.aggregate and csv.join: memory for records, and what one job may write
    /// aside when that is full.
    Bytes table_memory_max = mib(64);
    Bytes scratch_max{std::uint64_t{16} << 30};
    std::uint64_t table_groups_max = 10'000'000;
    /// Of one archive, read or written: entries, their bytes in all, and time.
    std::size_t archive_entries_max = 200'000;
    Bytes archive_bytes_max{std::uint64_t{4} << 30};
    Duration archive_time_max{3600s};
    /// Of image jobs: a file read, the pixels of an image, those of one written as AVIF, bytes of
    /// that a job holds at once, which are its declared need as well, pages or frames of a file,
    /// time, metadata in a result, images of a contact sheet.
    Bytes image_input_max = mib(512);
    std::uint64_t image_pixels_max = 100'000'000;
    std::uint64_t image_avif_pixels_max = 25'000'000;
    Bytes image_memory_max = mib(512);
    std::uint64_t image_pages_max = 4096;
    Duration image_time_max{600s};
    Bytes image_metadata_max = kib(64);
    std::uint64_t sheet_images_max = 500;
    Bytes markdown_max = mib(1);
    /// Where handlers have processes of their own.
    Duration markdown_time_max{20s};
    /// Numbers of one math.stats.
    std::size_t stats_numbers_max = 10'000'000;
    std::uint64_t factorial_max = 200'000;
    std::uint64_t primes_number_max = 100'000'000'000'000;
    std::uint64_t primes_range_max = 2'000'000'000;
    /// Of `exec`: time, processor time, address space of each process, output kept of each stream
    /// and output of both before it is killed.
    Duration exec_timeout_max{3600s};
    Duration exec_cpu_max{3600s};
    Bytes exec_memory_max{std::uint64_t{4} << 30};
    Bytes exec_output_kept_max = kib(256);
    Bytes exec_output_total_max = mib(64);
    /// Of `mail.send`: a whole mail as it is sent, its texts together, recipients, files, time.
    Bytes mail_max = mib(25);
    Bytes mail_text_max = mib(2);
    std::uint32_t mail_recipients_max = 100;
    std::uint32_t mail_files_max = 50;
    Duration mail_timeout_max{300s};
};

struct WorkSettings {
    /// Folders that jobs read from; a path is looked up in each, in this order.
    std::vector<std::string> read_roots{};
    /// The folder that jobs write to; empty: none. To read what was written, name it above too.
    std::string write_root{};
    std::vector<AllowedProgram> programs{};
    /// Programs that are the handler of a type of their own.
    std::vector<ExecHandler> handlers{};
    /// A delegated folder of the control groups (version 2) for them; empty: none.
    std::string cgroup{};
    HttpPolicy http{};
    /// What makes PDF of HTML (WeasyPrint); empty: nothing does.
    std::string pdf_program = "/usr/bin/weasyprint";
    MailPolicy mail{};
    std::vector<SecretSource> secrets{};
    WorkLimits limits{};
};

/// The table of built-in types, those of `handlers` among them, sorted by name. To be called while
/// the process has one thread, if there are any of those. The handlers share what they need and may
/// be called from any threads at once, also after the settings are gone. Errors: not_found, io (a
/// folder), invalid (a host, network or program), denied (a confinement that is required), exists
/// (a name twice).
Result<std::vector<sdk::JobType>> built_in_types(const WorkSettings& settings);

}  // namespace sluice::work
