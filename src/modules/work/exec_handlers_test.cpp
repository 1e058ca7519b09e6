// SPDX-License-Identifier: Apache-2.0
// Programs as handlers, run as a worker would.
#include "modules/work/exec_handlers.h"

#include "kernel/sync/cancel.h"
#include "kernel/sync/clock.h"
#include "kernel/sync/thread.h"
#include "modules/work/shell/confinement.h"
#include "modules/work/types.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <unistd.h>

namespace sluice::work {
namespace {

class Context final : public sdk::JobContext {
public:
    explicit Context(CancelToken token = {}) : cancel_(std::move(token)) {
        job_.jid = "j1";
        job_.queue = "default";
        job_.type = "own";
        job_.args = R"([{"path":"a b"}])";
        job_.attempt = 2;
    }
    [[nodiscard]] const sdk::Delivery& job() const override { return job_; }
    [[nodiscard]] const CancelToken& cancel() const override { return cancel_; }
    void progress(int percent, std::string_view note) override {
        reports.emplace_back(percent, note);
        if (on_progress) on_progress();
    }
    std::vector<std::pair<int, std::string>> reports;
    std::function<void()> on_progress;

private:
    sdk::Delivery job_;
    CancelToken cancel_;
};

ExecHandler shell(std::string script) {
    return {.name = "own", .command = {"sh", "-c", std::move(script)}, .grace = 50ms};
}

sdk::Outcome run(const ExecHandler& handler, Context& context) {
    return exec_handler_types({handler}, "", "").value().at(0).run(context);
}
/// The result; a failure as "ErrType: message", with "!" before it if it is final, "<" if the job
/// is given back.
std::string run(const ExecHandler& handler) {
    Context context;
    const auto outcome = run(handler, context);
    if (const auto* failure = std::get_if<sdk::Failure>(&outcome)) {
        return std::string(failure->final ? "!" : "") + (failure->give_back ? "<" : "") +
               failure->errtype + ": " + failure->message;
    }
    return std::get<std::string>(outcome);
}

TEST(ExecHandlers, TheJobComesOnStandardInput) {
    EXPECT_EQ(run(shell("cat")),
              R"({"jid":"j1","queue":"default","type":"own","attempt":2,"args":[{"path":"a b"}],)"
              R"("custom":{}})");
}

TEST(ExecHandlers, TheResultIsJsonOrText) {
    EXPECT_EQ(run(shell("echo '{\"n\": 1}'")), R"({"n": 1})");
    EXPECT_EQ(run(shell("echo done; echo twice")), R"("done\ntwice")");
    EXPECT_EQ(run(shell(":")), "");
}

TEST(ExecHandlers, TheEnvironmentIsClean) {
    auto handler = shell("env | grep -v ^PWD= | sort | tr '\\n' ' '");
    handler.environment = {"OWN=x=y"};
    const std::string got = run(handler);
    EXPECT_NE(got.find("LANG=C.UTF-8 OWN=x=y PATH=/usr/local/bin:/usr/bin:/bin SLUICE_ATTEMPT=2 "
                       "SLUICE_JID=j1 SLUICE_TYPE=own TMPDIR=/tmp"),
              std::string::npos)
        << got;
    EXPECT_EQ(got.find("HOME="), std::string::npos);
}

TEST(ExecHandlers, ProgressComesFromStandardErrorOrFromADescriptor) {
    Context lines;
    run(shell("echo 'SLUICE_PROGRESS 40 half' >&2; echo other >&2; echo 'SLUICE_PROGRESS 90' >&2"),
        lines);
    EXPECT_EQ(lines.reports, (std::vector<std::pair<int, std::string>>{{40, "half"}, {90, ""}}));
    auto handler =
        shell("echo '10 a' >&3; echo 'SLUICE_PROGRESS 20 b' >&3; echo $SLUICE_PROGRESS_FD");
    handler.progress_on_descriptor = true;
    Context descriptor;
    EXPECT_EQ(std::get<std::string>(run(handler, descriptor)), "3");
    EXPECT_EQ(descriptor.reports, (std::vector<std::pair<int, std::string>>{{10, "a"}, {20, "b"}}));
}

TEST(ExecHandlers, ExitCodesDecideWhatBecomesOfTheJob) {
    EXPECT_EQ(run(shell("echo why >&2; echo 'SLUICE_PROGRESS 1' >&2; exit 1")),
              "ExitStatus: exit code 1: why");
    EXPECT_EQ(run(shell("exit 65")), "!ExitStatus: exit code 65");
    EXPECT_EQ(run(shell("kill -11 $$")), "ExitStatus: ended by signal 11");
    auto own = shell("echo '[]'; exit 3");
    own.success = {"0-3"};
    EXPECT_EQ(run(own), "[]");
    own = shell("exit 99");
    own.give_back = {"99"};
    EXPECT_EQ(run(own), "<ExitStatus: exit code 99");
    EXPECT_EQ(run(shell("i=0; while [ $i -lt 500 ]; do echo line $i; i=$((i+1)); done >&2; exit 1"))
                  .substr(0, 33),
              "ExitStatus: exit code 1: line 278");
}

TEST(ExecHandlers, TooMuchOutputFailsForGood) {
    auto handler = shell("head -c 5000 /dev/zero | tr '\\0' x");
    handler.output_max = kib(1);
    EXPECT_EQ(run(handler), "!LimitExceeded: the program wrote 5000 bytes; a result may have 1024");
    handler = shell("yes");
    handler.output_max = kib(64);
    EXPECT_NE(run(handler).find("!LimitExceeded: the program wrote more than"), std::string::npos);
}

TEST(ExecHandlers, LimitsHold) {
    auto handler = shell("exec python3 -c 'x = bytearray(800 << 20); print(len(x))'");
    handler.memory = mib(400);
    EXPECT_NE(run(handler).find("MemoryError"), std::string::npos);
    handler = shell("sleep 60 & sleep 60");
    handler.timeout = 100ms;
    EXPECT_EQ(run(handler), "Timeout: the program did not end in time and was stopped");
}

TEST(ExecHandlers, CancelEndsTheProgramAndItsChildren) {
    const CancelSource source;
    Context context(source.token());
    context.on_progress = [&] { source.cancel(Error{Code::cancelled, "by the test"}); };
    const auto outcome =
        run(shell("setsid sleep 600 & sh -c 'sleep 600' & echo 'SLUICE_PROGRESS 1' >&2; wait"),
            context);
    ASSERT_TRUE(std::holds_alternative<sdk::Failure>(outcome));
    EXPECT_EQ(std::get<sdk::Failure>(outcome).errtype, "Cancelled");
}

TEST(ExecHandlers, TheNetworkIsItsOwnWhereThatCanBe) {
    const ConfinementSupport support = probe_confinement();
    if (!support.no_network.empty()) GTEST_SKIP() << support.no_network;
    const std::string interfaces = run(shell("tail -n +3 /proc/net/dev | cut -d: -f1 | xargs"));
    auto allowed =
        shell("tail -n +3 /proc/net/dev | cut -d: -f1 | xargs; readlink /proc/self/ns/net");
    allowed.network = true;
    auto cut = allowed;
    cut.network = false;
    EXPECT_EQ(interfaces.find("eth"), std::string::npos) << interfaces;
    EXPECT_NE(run(cut), run(allowed));
    allowed = shell("readlink /proc/self/ns/net");
    allowed.network = true;
    EXPECT_EQ(run(allowed), run(allowed)) << "with the network it has the worker's";
}

TEST(ExecHandlers, TmpIsItsOwnWhereThatCanBe) {
    const ConfinementSupport support = probe_confinement();
    if (!support.private_tmp.empty()) GTEST_SKIP() << support.private_tmp;
    EXPECT_EQ(run(shell("echo x > /tmp/own; ls /tmp; ls -d $TMPDIR/own")), R"("own\n/tmp/own")");
    EXPECT_NE(run(shell("cat /tmp/own")).find("No such file"), std::string::npos);
}

TEST(ExecHandlers, WithoutATmpOfItsOwnItGetsAFolderThere) {
    auto handler = shell("echo $TMPDIR; touch $TMPDIR/x");
    handler.folder = "/tmp";  // what is there must be seen
    const std::string folder = run(handler);
    EXPECT_NE(folder.find("\"/tmp/sluice-job-"), std::string::npos) << folder;
    const std::string path = folder.substr(1, folder.size() - 2);
    auto look = shell("ls -d " + path);
    look.folder = "/tmp";
    EXPECT_NE(run(look).find("No such file"), std::string::npos) << "it is removed";
    const auto lines = describe_confinement({handler}, "");
    ASSERT_EQ(lines.size(), 2U);
    EXPECT_EQ(lines[1],
              "own: without a /tmp of its own: its program, folder or arguments are "
              "below /tmp");
    handler.confine = Confine::required;
    const auto refused = exec_handler_types({handler}, "", "");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Code::denied);
}

TEST(ExecHandlers, AGroupThatIsNotToBeHadIsSaid) {
    auto handler = shell("echo ran");
    handler.network = true;
    handler.private_tmp = false;
    handler.group_memory = mib(64);
    const std::string folder = "/nonexistent/group";
    EXPECT_EQ(describe_confinement({handler}, folder).back(),
              "own: without a control group of its own: the control group /nonexistent/group/"
              "sluice-probe-" +
                  std::to_string(::getpid()) + " cannot be made: No such file or directory");
    Context context;
    auto outcome = exec_handler_types({handler}, "", folder).value().at(0).run(context);
    EXPECT_EQ(std::get<std::string>(outcome), R"("ran")");
    handler.confine = Confine::required;
    EXPECT_FALSE(exec_handler_types({handler}, "", folder));
}

TEST(ExecHandlers, MistakesInTheSettingsNameTheirPlace) {
    const auto error = [](const ExecHandler& handler) {
        const auto made = exec_handler_types({handler}, "", "");
        return made ? std::string("none") : made.error().message;
    };
    EXPECT_EQ(error({.name = "own"}), "work.exec.own: command is missing");
    EXPECT_EQ(error({.name = "own", .command = {"no-such-program"}}),
              "work.exec.own: there is no program \"no-such-program\" in "
              "/usr/local/bin:/usr/bin:/bin");
    EXPECT_NE(error({.name = "own", .command = {"./x"}}).find("absolute path"), std::string::npos);
    EXPECT_NE(error({.name = "own", .command = {"/etc/passwd"}}).find("no program"),
              std::string::npos);
    auto handler = shell("");
    handler.environment = {"X"};
    EXPECT_EQ(error(handler), "work.exec.own: environment: \"X\" is not NAME=value");
    handler = shell("");
    handler.give_back = {"300"};
    EXPECT_NE(error(handler).find("\"300\" is no exit code"), std::string::npos);
    WorkSettings settings;
    settings.handlers = {shell("")};
    settings.handlers[0].name = "exec";
    const auto twice = built_in_types(settings);
    ASSERT_FALSE(twice);
    EXPECT_NE(twice.error().message.find("there is a built-in type \"exec\""), std::string::npos);
}

}  // namespace
}  // namespace sluice::work
