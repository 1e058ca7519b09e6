#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""check_files on single files and on a small repository."""

import pathlib
import subprocess
import tempfile
import unittest

from load_tool import load_tool

files = load_tool('check_files')
GOOD = b'// SPDX-License-Identifier: Apache-2.0\n'


class CheckFilesTest(unittest.TestCase):
    def found(self, name, data):
        return [text.split('[')[1].split(']')[0] for text in files.check_file(name, data)]

    def test_good_source(self):
        self.assertEqual(self.found('src/a.cpp', GOOD + b'int x;\n' * 599), [])

    def test_source_without_licence_line(self):
        self.assertEqual(self.found('src/a.h', b'int x;\n'), ['spdx'])

    def test_program_without_suffix_is_a_source(self):
        self.assertEqual(self.found('tools/x', b'#!/usr/bin/env bash\nexit\n'), ['spdx'])

    def test_source_that_is_too_long(self):
        self.assertEqual(self.found('src/a.cpp', GOOD + b'int x;\n' * 600), ['length'])

    def test_documents_and_data_need_neither(self):
        self.assertEqual(self.found('docs/a.md', b'text\n' * 1000), [])
        self.assertEqual(self.found('examples/data/a.js', b'text\n' * 1000), [])

    def test_blob_that_is_too_large(self):
        self.assertEqual(self.found('x.bin', b'\0' * (5 * 1024 * 1024 + 1)), ['size'])

    def test_tree_reads_what_git_knows(self):
        with tempfile.TemporaryDirectory() as directory:
            root = pathlib.Path(directory)
            subprocess.run(['git', 'init', '-q', directory], check=True)
            (root / '.gitignore').write_text('/build/\n')
            (root / 'build').mkdir()
            (root / 'build/x.cpp').write_text('x\n')
            (root / 'y.cpp').write_text('y\n')
            self.assertEqual(len(files.check_tree(root)), 1)
            self.assertIn('y.cpp:1: [spdx]', files.check_tree(root)[0])


if __name__ == '__main__':
    unittest.main()
