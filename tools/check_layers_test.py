#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Each rule of check_layers is kept once and broken once, on a small tree made for it."""

import pathlib
import tempfile
import unittest

from load_tool import load_tool

layers = load_tool('check_layers')


class CheckLayersTest(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.TemporaryDirectory()
        self.addCleanup(self.directory.cleanup)
        self.root = pathlib.Path(self.directory.name)
        (self.root / 'src').mkdir()

    def file(self, name, text=''):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding='utf-8')

    def assert_clean(self):
        self.assertEqual([str(finding) for finding in layers.check_tree(self.root)], [])

    def assert_one(self, rule, *parts):
        findings = layers.check_tree(self.root)
        self.assertEqual([finding.rule for finding in findings], [rule],
                         '\n'.join(map(str, findings)))
        for part in parts + ('; instead: ',):
            self.assertIn(part, str(findings[0]))

    # the include table

    def test_arrows_of_the_table_are_allowed(self):
        self.file('src/kernel/base/a.h')
        self.file('src/kernel/algo/a.h', '#include "kernel/base/a.h"\n')
        self.file('src/kernel/sync/a.h', '#include "kernel/base/a.h"\n')
        self.file('src/kernel/observe/a.h', '#include "kernel/algo/a.h"\n#include <mutex>\n')
        self.file('src/kernel/net/a.h', '#include "kernel/observe/a.h"\n')
        self.file('src/sdk/client.h', '#include "kernel/net/a.h"\n#include "kernel/algo/a.h"\n')
        self.file('src/modules/jobs/module.h', '#include "sdk/client.h"\n')
        self.file('src/app/main.cpp', '#include "modules/jobs/module.h"\n')
        self.assert_clean()

    def test_kernel_room_may_not_include_a_room_outside_its_row(self):
        self.file('src/kernel/algo/a.h', '// one\n#include "kernel/sync/b.h"\n')
        findings = [str(finding) for finding in layers.check_tree(self.root)]
        self.assertTrue(findings[0].startswith('src/kernel/algo/a.h:2: [table]'), findings)

    def test_room_inside_a_room_has_its_own_row(self):
        self.file('src/kernel/sync/primitives/a.h')
        self.file('src/kernel/sync/a.h', '#include "kernel/sync/primitives/a.h"\n')
        self.assert_clean()
        self.file('src/kernel/net/a.h', '#include "kernel/sync/primitives/a.h"\n')
        self.assert_one('table', 'kernel/net may not include kernel/sync/primitives')

    def test_kernel_may_not_look_up_to_a_module(self):
        self.file('src/kernel/net/a.cpp', '#include "modules/jobs/module.h"\n')
        self.assert_one('table', 'kernel/net looks up')

    def test_kernel_may_not_look_up_to_the_sdk(self):
        self.file('src/kernel/net/a.cpp', '#include "sdk/client.h"\n')
        self.assert_one('table', 'looks up to sdk')

    def test_module_may_not_look_up_to_app(self):
        self.file('src/modules/jobs/shell/a.cpp', '#include "app/host.h"\n')
        self.assert_one('table', 'looks up to app')

    def test_sdk_may_not_include_the_store(self):
        self.file('src/sdk/client.cpp', '#include "kernel/store/files.h"\n')
        self.assert_one('table', 'kernel/store')

    def test_module_may_not_include_another_module(self):
        self.file('src/modules/crawl/shell/a.cpp', '#include "modules/jobs/engine/engine.h"\n')
        self.assert_one('table', 'module crawl includes module jobs')

    def test_the_capacity_planner_may_include_the_engine(self):
        self.file('src/modules/sim/core/a.h', '#include "modules/jobs/engine/engine.h"\n')
        self.assert_clean()

    def test_app_sees_only_the_door_of_a_module(self):
        self.file('src/app/main.cpp', '#include "modules/jobs/shell/shard.h"\n')
        self.assert_one('table', 'behind the door')

    def test_unknown_kernel_room_is_reported(self):
        self.file('src/kernel/util/a.h', '#include "kernel/base/b.h"\n')
        self.assert_one('table', 'kernel/util is not in the table')

    def test_includes_are_written_from_src(self):
        self.file('src/kernel/base/a.cpp', '#include "a.h"\n')
        self.file('src/kernel/base/a.h')
        self.assert_one('table', 'not a path from src/')

    def test_commented_out_include_does_not_count(self):
        self.file('src/kernel/base/a.cpp', '// #include "app/x.h"\n/*\n#include "app/x.h"\n*/\n')
        self.assert_clean()

    # the staircase inside a module

    def test_stairs_run_down(self):
        self.file('src/modules/jobs/module.cpp', '#include "modules/jobs/front/a.h"\n')
        self.file('src/modules/jobs/front/a.h', '#include "modules/jobs/shell/a.h"\n')
        self.file('src/modules/jobs/shell/a.h', '#include "modules/jobs/ledger/a.h"\n')
        self.file('src/modules/jobs/ledger/a.h', '#include "modules/jobs/engine/a.h"\n')
        self.file('src/modules/jobs/engine/a.h', '#include "modules/jobs/model/a.h"\n')
        self.assert_clean()

    def test_engine_may_not_look_up_to_the_ledger(self):
        self.file('src/modules/jobs/engine/a.cpp', '#include "modules/jobs/ledger/ledger.h"\n')
        rules = {finding.rule for finding in layers.check_tree(self.root)}
        self.assertEqual(rules, {'stairs', 'pure'})

    def test_ledger_may_not_look_up_to_the_shell(self):
        self.file('src/modules/jobs/ledger/a.cpp', '#include "modules/jobs/shell/shard.h"\n')
        self.assert_one('stairs', 'ledger looks up to shell')

    def test_floor_may_not_look_up_to_the_door(self):
        self.file('src/modules/work/shell/a.cpp', '#include "modules/work/module.h"\n')
        self.assert_one('stairs', 'the door')

    def test_unknown_floor_is_reported(self):
        self.file('src/modules/work/helpers/a.cpp', '#include "modules/work/core/a.h"\n')
        self.assert_one('stairs', '"helpers" is no floor')

    def test_ledger_and_shell_may_enter_the_store(self):
        self.file('src/modules/jobs/ledger/a.cpp', '#include "kernel/store/files.h"\n')
        self.file('src/modules/jobs/shell/a.cpp', '#include "kernel/store/files.h"\n')
        self.assert_clean()

    def test_front_may_not_enter_the_store(self):
        self.file('src/modules/jobs/front/a.cpp', '#include "kernel/store/files.h"\n')
        self.assert_one('stairs', 'enters kernel/store')

    def test_ledger_may_not_enter_the_net(self):
        self.file('src/modules/jobs/ledger/a.cpp', '#include "kernel/net/session.h"\n')
        self.assert_one('stairs', 'enters kernel/net')

    # pure folders

    def test_pure_folder_may_not_include_a_thread_header(self):
        self.file('src/kernel/algo/a.h', '#include <vector>\n#include <thread>\n')
        self.assert_one('pure', 'a.h:2:', '<thread>')

    def test_pure_folder_may_not_include_an_impure_room(self):
        self.file('src/modules/crawl/core/a.h', '#include "kernel/sync/channel.h"\n')
        self.assert_one('pure', 'kernel/sync/channel.h')

    def test_pure_folder_may_not_read_a_clock(self):
        self.file('src/modules/work/core/a.cpp', 'auto t = my_clock::now();\n')
        self.assert_one('pure', 'reads a clock')

    def test_pure_folder_may_not_read_the_environment(self):
        self.file('src/kernel/wire/a.cpp', 'auto p = std::getenv("HOME");\n')
        self.assert_one('pure', 'getenv')

    def test_pure_folder_may_not_use_rand_or_random_device(self):
        self.file('src/modules/jobs/engine/a.cpp', 'int x = rand();\n')
        self.file('src/modules/jobs/model/a.cpp', 'std::random_device d;\n')
        rules = [finding.rule for finding in layers.check_tree(self.root)]
        self.assertEqual(rules, ['pure', 'pure'])

    def test_pure_words_in_comments_and_strings_are_free(self):
        self.file('src/modules/jobs/engine/a.cpp',
                  '// rand() is bad\nauto s = "getenv";\nauto r = R"(rand())";\nint grand(int);\n')
        self.assert_clean()

    def test_protocol_files_of_the_sdk_are_pure(self):
        self.file('src/sdk/protocol_line.cpp', '#include "kernel/net/session.h"\n')
        self.assert_one('pure', 'kernel/net/session.h')

    def test_tests_of_pure_folders_may_use_what_tests_need(self):
        self.file('src/kernel/algo/a_test.cpp', '#include <gtest/gtest.h>\n#include <thread>\n')
        self.assert_clean()

    # heavy headers

    def test_asio_is_in_no_header_outside_net(self):
        self.file('src/modules/jobs/front/a.h', '#include <boost/asio/awaitable.hpp>\n')
        self.assert_one('heavy', 'Asio in a header')

    def test_asio_may_be_in_a_header_of_net_and_a_source_of_a_front(self):
        self.file('src/kernel/net/a.h', '#include <boost/asio/awaitable.hpp>\n')
        self.file('src/modules/jobs/front/a.cpp', '#include <boost/asio/co_spawn.hpp>\n')
        self.assert_clean()

    def test_rocksdb_is_in_the_ledger_sources_only(self):
        self.file('src/modules/jobs/ledger/rocks.cpp', '#include <rocksdb/db.h>\n')
        self.assert_clean()
        self.file('src/modules/jobs/ledger/rocks.h', '#include <rocksdb/db.h>\n')
        self.assert_one('heavy', 'RocksDB in a header')

    def test_rocksdb_is_not_in_the_shell(self):
        self.file('src/modules/jobs/shell/a.cpp', '#include <rocksdb/db.h>\n')
        self.assert_one('heavy', 'RocksDB in a source')

    def test_rocksdb_is_in_the_sources_of_the_crawls_store(self):
        self.file('src/modules/crawl/shell/store/a.cpp', '#include <rocksdb/db.h>\n')
        self.assert_clean()
        self.file('src/modules/crawl/shell/crawl/a.cpp', '#include <rocksdb/db.h>\n')
        self.assert_one('heavy', 'RocksDB in a source')

    def test_json_reader_is_in_no_header(self):
        self.file('src/kernel/wire/json.h', '#include <simdjson.h>\n')
        self.assert_one('heavy', 'simdjson')

    # words that belong into one room

    def test_lock_outside_its_rooms(self):
        self.file('src/modules/jobs/shell/a.cpp', 'std::mutex m;\n')
        self.assert_one('words', 'std::mutex')

    def test_thread_outside_its_rooms(self):
        self.file('src/app/main.cpp', '\n\nstd::thread t;\n')
        self.assert_one('words', 'main.cpp:3:', 'std::thread')

    def test_number_of_processors_is_no_thread(self):
        self.file('src/app/main.cpp', 'auto n = std::thread::hardware_concurrency();\n')
        self.assert_clean()

    def test_locks_and_threads_in_their_rooms(self):
        self.file('src/kernel/sync/a.cpp', 'std::mutex m; std::thread t;\n')
        self.assert_clean()

    def test_sleep_in_a_test(self):
        self.file('src/kernel/net/a_test.cpp', 'std::this_thread::sleep_for(1ms);\n')
        self.assert_one('words', 'sleep_for')

    def test_sleep_in_the_tests_folder(self):
        self.file('tests/e2e/a.cpp', 'usleep(5);\n')
        self.assert_one('words', 'tests/e2e/a.cpp:1:')

    def test_detached_thread_anywhere(self):
        self.file('src/kernel/sync/a.cpp', 'worker.detach();\n')
        self.assert_one('words', 'detach')

    def test_clock_is_read_in_one_file(self):
        self.file('src/kernel/sync/clock.cpp', 'auto t = std::chrono::steady_clock::now();\n')
        self.assert_clean()
        self.file('src/kernel/net/a.cpp', 'auto t = std::chrono::steady_clock::now();\n')
        self.assert_one('words', 'clock reading')

    # circles

    def test_circle_between_folders(self):
        self.file('src/sdk/a.h', '#include "sdk/protocol/b.h"\n')
        self.file('src/sdk/protocol/b.h', '#include "sdk/a.h"\n')
        rules = sorted(finding.rule for finding in layers.check_tree(self.root))
        self.assertEqual(rules, ['circle', 'pure'])

    def test_two_floors_that_include_each_other_are_a_circle(self):
        self.file('src/modules/work/core/a.h', '#include "modules/work/shell/b.h"\n')
        self.file('src/modules/work/shell/b.h', '#include "modules/work/core/a.h"\n')
        rules = sorted(finding.rule for finding in layers.check_tree(self.root))
        self.assertEqual(rules, ['circle', 'pure', 'stairs'])

    # CMake

    def test_link_list_agrees_with_the_includes(self):
        self.file('src/kernel/base/CMakeLists.txt', 'sluice_folder(kernel_base DEPS fmt::fmt)\n')
        self.file('src/kernel/sync/CMakeLists.txt', 'sluice_folder(kernel_sync DEPS kernel_base)\n')
        self.file('src/kernel/net/CMakeLists.txt', 'sluice_folder(kernel_net DEPS kernel_sync)\n')
        self.file('src/kernel/net/a.cpp', '#include "kernel/base/a.h"\n')
        self.assert_clean()

    def test_link_list_with_a_forbidden_arrow(self):
        self.file('src/kernel/sync/CMakeLists.txt', 'sluice_folder(kernel_sync)\n')
        self.file('src/kernel/store/CMakeLists.txt', 'sluice_folder(kernel_store)\n')
        self.file('src/kernel/net/CMakeLists.txt',
                  '\nsluice_folder(kernel_net\n  PRIVATE_DEPS kernel_sync kernel_store)\n')
        self.assert_one('cmake', 'net/CMakeLists.txt:2:', 'kernel_net links kernel_store')

    def test_pure_folder_that_links_an_impure_one(self):
        self.file('src/kernel/sync/CMakeLists.txt', 'sluice_folder(kernel_sync)\n')
        self.file('src/modules/crawl/core/CMakeLists.txt',
                  'sluice_folder(crawl_core DEPS kernel_sync)\n')
        self.assert_one('cmake', 'pure crawl_core')

    def test_included_folder_that_is_not_linked(self):
        self.file('src/kernel/base/CMakeLists.txt', 'sluice_folder(kernel_base)\n')
        self.file('src/kernel/sync/CMakeLists.txt', 'sluice_folder(kernel_sync)\n')
        self.file('src/kernel/sync/a.cpp', '#include "kernel/base/a.h"\n')
        self.assert_one('cmake', 'does not link kernel_base', 'src/kernel/sync/a.cpp:1')

    # the exception table itself

    def test_every_exception_says_why(self):
        for rule, place, about, why in layers.EXCEPTIONS:
            self.assertIn(rule, ('table', 'heavy', 'words'))
            self.assertTrue(place and about and why)

    def test_the_table_is_the_one_in_the_documents(self):
        text = (pathlib.Path(__file__).parent.parent / 'docs/architecture.md').read_text(
            encoding='utf-8')
        for room, below in layers.KERNEL.items():
            row = f'| `kernel/{room}` | {", ".join(f"`{b}`" for b in below) or "nothing"} |'
            self.assertIn(row, text)


if __name__ == '__main__':
    unittest.main()
