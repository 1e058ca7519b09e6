// SPDX-License-Identifier: Apache-2.0
#include "sdk/machine.h"

#include <gtest/gtest.h>
#include <support/scratch_folder.h>

#include <string>

namespace sluice::sdk {
namespace {

/// A /proc and a /sys of our own making.
class Machine : public testing::Test {
protected:
    Machine() {
        put("/proc/meminfo", "MemTotal: 8388608 kB\nMemFree: 1 kB\nMemAvailable: 4194304 kB\n");
        put("/proc/self/cgroup", "0::/app.slice/worker.service\n");
    }
    void put(const std::string& path, const std::string& text) const {
        folder.put(path.substr(1), text);
    }
    ScratchFolder folder;
    const std::string& root = folder.path();
};

TEST_F(Machine, WithoutLimitsItIsTheWholeMachine) {
    const Capacity capacity = detect_capacity(root);
    EXPECT_EQ(capacity.mem_mb, 8192U);
    ASSERT_TRUE(capacity.cpu);
    EXPECT_GE(*capacity.cpu, 1);
    EXPECT_EQ(sample_memory(root).available, mib(4096));
    EXPECT_EQ(sample_memory(root).stalled_percent, std::nullopt);
}

TEST_F(Machine, TheLimitsOfAllControlGroupsAboveCount) {
    const std::string group = "/sys/fs/cgroup/app.slice";
    put(group + "/worker.service/memory.max", "max\n");
    put(group + "/worker.service/cpu.max", "max 100000\n");
    put(group + "/memory.max", "1073741824\n");
    put(group + "/memory.current", "900000000\n");
    put(group + "/memory.stat", "anon 5\ninactive_file 200000000\n");
    put(group + "/cpu.max", "50000 100000\n");
    const Capacity capacity = detect_capacity(root);
    EXPECT_EQ(capacity.mem_mb, 1024U);
    EXPECT_DOUBLE_EQ(*capacity.cpu, 0.5);
    EXPECT_EQ(sample_memory(root).available, Bytes{1073741824 - 700000000});
}

TEST_F(Machine, ContainersOfTheFirstVersionCount) {
    put("/proc/self/cgroup", "4:memory:/docker/abc\n1:cpu:/\n0::/\n");
    put("/sys/fs/cgroup/memory/memory.limit_in_bytes", "536870912\n");
    put("/sys/fs/cgroup/memory/memory.usage_in_bytes", "500000000\n");
    put("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "25000\n");
    put("/sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
    const Capacity capacity = detect_capacity(root);
    EXPECT_EQ(capacity.mem_mb, 512U);
    EXPECT_DOUBLE_EQ(*capacity.cpu, 0.25);
    EXPECT_EQ(sample_memory(root).available, Bytes{536870912 - 500000000});
}

TEST_F(Machine, ThePressureOfTheGroupOrTheMachine) {
    put("/proc/pressure/memory", "some avg10=5.00 avg60=0\nfull avg10=1.50 avg60=0.00 total=0\n");
    EXPECT_EQ(sample_memory(root).stalled_percent, 1.5);
    put("/sys/fs/cgroup/app.slice/memory.pressure", "some avg10=9 x\nfull avg10=7.25 avg60=0\n");
    EXPECT_EQ(sample_memory(root).stalled_percent, 7.25);
}

TEST_F(Machine, NonsenseIsNoLimit) {
    put("/sys/fs/cgroup/memory.max", "-5\n");
    put("/sys/fs/cgroup/cpu.max", "0 0\n");
    EXPECT_EQ(detect_capacity(root).mem_mb, 8192U);
    const Capacity nothing = detect_capacity(root + "/nowhere");
    EXPECT_EQ(nothing.mem_mb, std::nullopt);
    EXPECT_GE(*nothing.cpu, 1);
}

TEST(MachineHere, HasSomeProcessorsAndMemory) {
    const Capacity capacity = detect_capacity();
    EXPECT_GT(*capacity.cpu, 0);
    EXPECT_GT(capacity.mem_mb.value_or(0), 16U);
}

}  // namespace
}  // namespace sluice::sdk
