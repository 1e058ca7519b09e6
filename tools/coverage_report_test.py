#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""coverage_report's sums over reports as gcov prints them."""

import pathlib
import unittest

from load_tool import load_tool

coverage = load_tool('coverage_report')


def report(name, counts):
    return {'current_working_directory': '/r/build',
            'files': [{'file': name,
                       'lines': [{'line_number': n, 'count': c} for n, c in counts.items()]}]}


class CoverageReportTest(unittest.TestCase):
    def test_a_line_counts_once_over_all_programs(self):
        files = {}
        coverage.add_report(files, report('../src/a/x.h', {1: 0, 2: 3}), pathlib.Path('/r'))
        coverage.add_report(files, report('/r/src/a/x.h', {1: 5, 2: 0, 3: 0}), pathlib.Path('/r'))
        self.assertEqual(coverage.per_folder(files), {'a': (2, 3)})

    def test_tests_and_libraries_do_not_count(self):
        files = {}
        coverage.add_report(files, report('/usr/include/x.h', {1: 1}), pathlib.Path('/r'))
        coverage.add_report(files, report('/r/src/a/x_test.cpp', {1: 1}), pathlib.Path('/r'))
        self.assertEqual(files, {})


if __name__ == '__main__':
    unittest.main()
