#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""examples/shell, a script as a handler, with a real server and `sluice work`."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'work'))
from rig import ROOT, Station, check, check_equal  # noqa: E402

from harness import run_tests  # noqa: E402

FOLDER = ROOT / 'examples' / 'shell'


def a_script_is_a_handler():
    config = (FOLDER / 'worker.toml').read_text(encoding='utf-8')
    check('"/opt/jobs/' in config, 'the path to put in')
    with Station(config=config.replace('/opt/jobs', str(FOLDER))) as station:
        done = station.sluice('push', 'greet', 'harbour', '--wait', '--json')
        check_equal(done.code, 0, f'the push: {done.err}')
        check_equal(station.run('greet', 'harbour'), {'hello': 'harbour', 'attempt': 1},
                    'the result')
        failure = station.fail('greet', 7)
        check(failure.final, f'a wrong argument is not tried again: {failure}')
        check('the name must be a text' in failure.message, f'what it said: {failure}')


run_tests(a_script_is_a_handler)
