#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the tests of leaky_program one by one: each that leaves something behind must fail, and say
what and where it was made; the one that leaves nothing must pass."""

import os
import subprocess
import sys
import unittest

PROGRAM = os.path.join(os.environ['SLUICE_BIN'], 'leaky_program')
CHECKED = 'SLUICE_SYNC_CHECKS' not in os.environ or os.environ['SLUICE_SYNC_CHECKS'] == '1'


def run(test):
    # Deadlocked or leaking on purpose; what the leak sanitizer would say besides does not matter.
    environment = dict(os.environ)
    for name, option in (('ASAN_OPTIONS', 'detect_leaks=0'),
                         ('TSAN_OPTIONS', 'report_thread_leaks=0')):
        environment[name] = ':'.join(filter(None, [environment.get(name), option]))
    done = subprocess.run([PROGRAM, f'--gtest_filter={test}'], env=environment, timeout=60,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          check=False)
    return done.returncode, done.stdout


class LeakListener(unittest.TestCase):
    def fails(self, test, *words):
        code, output = run(test)
        self.assertEqual(code, 1, output)
        self.assertIn(f'[  FAILED  ] {test}', output)
        for word in words:
            self.assertIn(word, output)
        return output

    def test_nothing_left_passes(self):
        code, output = run('Leaky.LeavesNothing')
        self.assertEqual(code, 0, output)

    def test_thread_is_named_with_its_origin(self):
        self.fails('Leaky.LeavesThread', 'leaves behind a thread "forgotten", waiting on',
                   'start_and_forget_a_thread()')

    def test_pool_is_named_with_its_origin(self):
        self.fails('Leaky.LeavesPool', 'leaves behind a pool "abandoned"', 'LeavesPool')

    def test_task_is_named_with_its_origin(self):
        if not CHECKED:
            self.skipTest('tasks are listed in debug builds')
        self.fails('Leaky.LeavesTask', 'leaves behind a task', 'LeavesTask')

    def test_thread_of_somebody_else_is_seen(self):
        self.fails('Leaky.LeavesStranger', 'no Thread object owns: "stranger"')

    def test_suite_thread_may_outlive_a_test_but_not_the_program(self):
        code, output = run('LeakySuite.*')
        self.assertEqual(code, 1, output)
        self.assertIn('[       OK ] LeakySuite.MayUseThreadsOfItsSuite', output)
        self.assertIn('left at the end of all tests: thread "of-the-suite"', output)


if __name__ == '__main__':
    unittest.main(argv=sys.argv[:1])
