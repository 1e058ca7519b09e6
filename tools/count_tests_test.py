#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""count_tests on reports as ctest and unittest write them."""

import pathlib
import tempfile
import unittest

from load_tool import load_tool

count = load_tool('count_tests')


def report(*cases):
    rows = ''.join(
        f'<testcase name="{name}" status="{status}">{extra}<system-out>{out}</system-out></testcase>'
        for name, status, extra, out in cases)
    return f'<?xml version="1.0"?><testsuite name="x">{rows}</testsuite>'


class CountTestsTest(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.TemporaryDirectory()
        self.addCleanup(self.directory.cleanup)
        self.path = pathlib.Path(self.directory.name) / 'report'

    def junit(self, *cases):
        self.path.write_text(report(*cases), encoding='utf-8')
        return count.count_junit(self.path)

    def test_each_test_of_a_program_counts(self):
        self.assertEqual(self.junit(('a', 'run', '', '[  PASSED  ] 12 tests.\n')), (12, 0, []))

    def test_a_program_that_is_not_googletest_counts_one(self):
        self.assertEqual(self.junit(('a', 'run', '', 'fine'), ('b', 'fail', '', 'no')),
                         (1, 1, ['failed: b']))

    def test_failed_tests_are_counted_and_named(self):
        out = ('[  PASSED  ] 3 tests.\n[  FAILED  ] 2 tests, listed below:\n'
               '[  FAILED  ] A.One\n[  FAILED  ] B/A.Two/0, where GetParam() = 4\n')
        self.assertEqual(self.junit(('a', 'fail', '', out)),
                         (3, 2, ['failed: a: A.One B/A.Two/0']))

    def test_a_crash_before_the_summary_is_one_failure(self):
        self.assertEqual(self.junit(('a', 'fail', '', '[ RUN      ] A.One\n'))[:2], (0, 1))

    def test_a_leak_after_all_tests_passed_is_one_failure(self):
        self.assertEqual(self.junit(('a', 'fail', '', '[  PASSED  ] 3 tests.\nLEAK\n'))[:2], (3, 1))

    def test_a_missing_program_is_a_failure(self):
        self.assertEqual(self.junit(('a', 'notrun', '<skipped message="Unable to find"/>', ''))[:2],
                         (0, 1))

    def test_a_test_that_skipped_itself_is_neither(self):
        case = ('a', 'notrun', '<skipped message="SKIP_RETURN_CODE=77"/>', '')
        self.assertEqual(self.junit(case), (0, 0, ['skipped: a']))

    def test_no_report_is_a_failure(self):
        self.assertEqual(count.count_junit(self.path)[:2], (0, 1))

    def test_python_tests(self):
        self.path.write_text('Ran 7 tests in 0.1s\n\nFAILED (failures=1, errors=2)\n')
        self.assertEqual(count.count_unittest(self.path, 1)[:2], (4, 3))
        self.path.write_text('Ran 7 tests in 0.1s\n\nOK\n')
        self.assertEqual(count.count_unittest(self.path, 0)[:2], (7, 0))

    def test_python_tests_that_did_not_start(self):
        self.path.write_text('SyntaxError\n')
        self.assertEqual(count.count_unittest(self.path, 1)[:2], (0, 1))


if __name__ == '__main__':
    unittest.main()
