#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Each rule of check_docs kept once and broken once."""

import pathlib
import subprocess
import tempfile
import unittest

from load_tool import load_tool

docs = load_tool('check_docs')

ADR = '# 1. X\n\n## Context\n\n## Decision\n\n## What we give up\n\n## Status\n'
LIMITS = '| Limit | Default | Setting | At the limit |\n|---|---|---|---|\n'


class CheckDocsTest(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.TemporaryDirectory()
        self.addCleanup(self.directory.cleanup)
        self.root = pathlib.Path(self.directory.name).resolve()
        subprocess.run(['git', 'init', '-q', str(self.root)], check=True)

    def file(self, name, text=''):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding='utf-8')

    def assert_found(self, *parts):
        findings = docs.check_tree(self.root)
        self.assertEqual(len(findings), len(parts), findings)
        for finding, part in zip(findings, parts):
            self.assertIn(part, finding)

    def test_links_that_resolve(self):
        self.file('README.md', '[a](docs/a.md) [b](docs/a.md#two-words) [c](https://x.y) [d](#top)\n# Top')
        self.file('docs/a.md', '# One\n## Two `words`\n[up](../README.md)\n')
        self.assert_found()

    def test_link_to_a_missing_file(self):
        self.file('README.md', '\n[a](docs/gone.md)\n')
        self.assert_found('README.md:2: [link] docs/gone.md: no such file')

    def test_link_to_a_missing_heading(self):
        self.file('README.md', '[a](docs/a.md#three)\n')
        self.file('docs/a.md', '# One\n')
        self.assert_found('no such heading')

    def test_link_in_code_is_no_link(self):
        self.file('README.md', '`[a](gone.md)`\n```\n[b](gone.md)\n```\n')
        self.assert_found()

    def test_document_that_nothing_leads_to(self):
        self.file('README.md', '[a](docs/a.md)\n')
        self.file('docs/a.md', '[b](b.md)')
        self.file('docs/b.md')
        self.file('docs/c.md')
        self.assert_found('docs/c.md:1: [reach]')

    def test_decision_record(self):
        self.file('README.md', '[a](docs/adr/0001-a.md)\n')
        self.file('docs/adr/0001-a.md', ADR)
        self.assert_found()

    def test_decision_record_without_a_heading(self):
        self.file('README.md', '[a](docs/adr/0001-a.md)\n')
        self.file('docs/adr/0001-a.md', ADR.replace('## What we give up\n', ''))
        self.assert_found('[adr] headings')

    def test_two_decision_records_with_one_number(self):
        self.file('README.md', '[a](docs/adr/0001-a.md) [b](docs/adr/0001-b.md)\n')
        self.file('docs/adr/0001-a.md', ADR)
        self.file('docs/adr/0001-b.md', ADR)
        self.assert_found('number 0001 is taken')

    def test_decision_record_with_a_wrong_name(self):
        self.file('README.md', '[a](docs/adr/a.md)\n')
        self.file('docs/adr/a.md', ADR)
        self.assert_found('not NNNN-words.md')

    def limits(self, rows):
        self.file('README.md', '[a](docs/limits.md)\n')
        self.file('docs/limits.md', rows)

    def test_limits_table(self):
        self.limits(LIMITS + '| line | 64 MiB | `a.b` | an error |\n\ntext\n')
        self.assert_found()

    def test_limits_row_with_a_missing_cell(self):
        self.limits(LIMITS + '| line | 64 MiB | an error |\n')
        self.assert_found('3 cells under 4 columns')

    def test_limits_row_with_an_empty_cell(self):
        self.limits(LIMITS + '| line | | `a.b` | an error |\n')
        self.assert_found('an empty cell')

    def test_limit_that_stands_twice(self):
        self.limits(LIMITS + '| line | 1 | a | b |\n| line | 2 | a | b |\n')
        self.assert_found('stands in line 3 too')

    def test_limits_table_with_other_columns(self):
        self.limits(LIMITS.replace('Setting', 'Flag'))
        self.assert_found('columns are')


if __name__ == '__main__':
    unittest.main()
