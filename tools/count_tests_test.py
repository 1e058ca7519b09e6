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
        self.assertEqual(self.junit(case), (0, 0, ['skipped: a: it does not say why']))
        case = (*case[:3], 'seed 4\nSKIPPED: not installed: nginx\n')
        self.assertEqual(self.junit(case), (0, 0, ['skipped: a: not installed: nginx']))

    def test_what_a_script_leaves_out_is_told(self):
        out = 'ok    one\nSKIPPED: without mlr, not compared\nok    two\n'
        self.assertEqual(self.junit(('a', 'run', '', out)),
                         (1, 0, ['skipped: part of a: without mlr, not compared']))

    def test_skipped_tests_of_a_program_are_neither(self):
        out = ''.join(f'[ RUN      ] A.{name}\n/x/y_test.cpp:4: Skipped\n{why}\n\n'
                      f'[  SKIPPED ] A.{name} (0 ms)\n'
                      for name, why in (('One', 'SKIPPED: needs root'), ('Two', 'needs root'),
                                        ('Three', 'no cgroups')))
        end = '[  SKIPPED ] 3 tests, listed below:\n[  SKIPPED ] A.One\n'
        told = ['skipped: part of a: A.One A.Two: needs root',
                'skipped: part of a: A.Three: no cgroups']
        self.assertEqual(self.junit(('a', 'run', '', out + '[  PASSED  ] 0 tests.\n' + end)),
                         (0, 0, told))
        ran = '[ RUN      ] A.Four\nSKIPPED: is only a word here\n[       OK ] A.Four (0 ms)\n'
        self.assertEqual(self.junit(('a', 'run', '', ran + out + '[  PASSED  ] 1 test.\n' + end)),
                         (1, 0, told))

    def test_no_report_is_a_failure(self):
        self.assertEqual(count.count_junit(self.path)[:2], (0, 1))

    def test_python_tests(self):
        self.path.write_text('Ran 7 tests in 0.1s\n\nFAILED (failures=1, errors=2)\n')
        self.assertEqual(count.count_unittest(self.path, 1), (4, 3, ['failed: a Python test']))
        self.path.write_text('FAIL: test_it (x.Y)\nRan 2 tests in 0.1s\n\nFAILED (failures=1)\n')
        self.assertEqual(count.count_unittest(self.path, 1), (1, 1, ['failed: test_it']))
        self.path.write_text('Ran 7 tests in 0.1s\n\nOK (skipped=2)\n')
        self.assertEqual(count.count_unittest(self.path, 0), (5, 0, ['skipped: 2 Python tests']))
        self.path.write_text('Ran 7 tests in 0.1s\n\nOK\n')
        self.assertEqual(count.count_unittest(self.path, 0)[:2], (7, 0))

    def test_python_tests_that_did_not_start(self):
        self.path.write_text('SyntaxError\n')
        self.assertEqual(count.count_unittest(self.path, 1)[:2], (0, 1))

    def test_the_summary_names_what_failed_and_what_could_not_run(self):
        why = 'skipped: a: not installed: nginx'
        self.path.write_text(f'1 0\n{why}\n12 0\n{why}\n0 0\n')
        lines, code = count.summary(self.path)
        self.assertEqual((lines[1:], code), ([why, '13 passed, 0 failed'], 0))
        self.path.write_text('failed: layers\n0 1\n12 0\n')
        self.assertEqual(count.summary(self.path), (['failed: layers', '12 passed, 1 failed'], 1))
        self.path.write_text('skipped: all\n0 0\n')
        self.assertEqual(count.summary(self.path)[1], 1)


if __name__ == '__main__':
    unittest.main()
