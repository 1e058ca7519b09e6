#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs one example and compares what it prints with the document.

Usage: check_output.py NAME DOCUMENT. The program is $SLUICE_BIN/example_NAME; the document shows it
in a fenced block whose first line is "$ NAME". Exit code 1 when they differ.
"""

import difflib
import os
import pathlib
import re
import subprocess
import sys


def shown_output(document, name):
    """The lines below "$ NAME" in its fenced block; None if there is no such block."""
    text = pathlib.Path(document).read_text(encoding='utf-8')
    match = re.search(rf'^```\n\$ {re.escape(name)}\n(.*?)^```$', text, re.MULTILINE | re.DOTALL)
    return match.group(1).splitlines() if match else None


def main():
    name, document = sys.argv[1:3]
    program = os.path.join(os.environ['SLUICE_BIN'], f'example_{name}')
    done = subprocess.run([program], stdout=subprocess.PIPE, text=True, timeout=50, check=False)
    if done.returncode != 0:
        print(f'{name} ended with {done.returncode}')
        return 1
    shown = shown_output(document, name)
    if shown is None:
        print(f'{document} does not show the output of {name}; it is:\n{done.stdout}')
        return 1
    difference = list(difflib.unified_diff(shown, done.stdout.splitlines(), 'document', 'program',
                                           lineterm=''))
    print('\n'.join(difference) or f'{len(shown)} lines, as shown')
    return 1 if difference else 0


if __name__ == '__main__':
    sys.exit(main())
