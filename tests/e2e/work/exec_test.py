#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Programs as handlers ([work.exec.NAME]) through a real server: a shell script and a Python program,
their progress, exit codes, cancellation, and what the worker says of their settings."""

import json
import pathlib
import subprocess
import sys
import tempfile
import textwrap

import rig
from harness import SLUICE, run_tests, wait_until
from rig import check, check_equal

SHELL = """\
#!/bin/sh
# Counts the bytes of its job, as a person would in a shell.
bytes=$(wc -c)
echo "SLUICE_PROGRESS 50 counted" >&2
echo "{\\"bytes\\": $bytes, \\"attempt\\": $SLUICE_ATTEMPT}"
"""

PYTHON = """\
import json, os, sys, time
job = json.load(sys.stdin)
wish = job['args'][0]
if wish.get('sleep'):
    with os.fdopen(3, 'w', buffering=1) as progress:
        progress.write('10 sleeping\\n')
        time.sleep(wish['sleep'])
if wish.get('exit'):
    print('asked to fail', file=sys.stderr)
    sys.exit(wish['exit'])
json.dump({'type': job['type'], 'sum': sum(wish.get('numbers', [])),
           'environment': sorted(os.environ)}, sys.stdout)
"""


class Programs:
    """The two programs in a folder of their own, and a station whose worker runs them."""

    def __init__(self, *words):
        self.folder = tempfile.TemporaryDirectory(prefix='sluice-exec-')
        folder = pathlib.Path(self.folder.name)
        (folder / 'count.sh').write_text(SHELL)
        (folder / 'count.sh').chmod(0o755)
        (folder / 'sum.py').write_text(PYTHON)
        config = textwrap.dedent(f"""\
            [work.exec.count]
            command = ["{folder}/count.sh"]
            summary = "Counts the bytes of its job"

            [work.exec.sum]
            command = ["{sys.executable}", "{folder}/sum.py"]
            environment = ["OWN=1"]
            progress = "descriptor"
            never_retry = ["64-65"]
            """)
        self.station = rig.Station(*words, config=config)

    def __enter__(self):
        return self.station.__enter__()

    def __exit__(self, *what):
        try:
            self.station.__exit__(*what)
        finally:
            self.folder.cleanup()


def a_shell_script():
    with Programs() as station:
        result = station.run('count', {'path': 'a b'})
        check(result['bytes'] > 60 and result['attempt'] == 1, result)


def a_python_program():
    with Programs() as station:
        result = station.run('sum', {'numbers': [1, 2, 3]})
        check_equal((result['type'], result['sum']), ('sum', 6), 'the result')
        names = [name for name in result['environment'] if name != 'LC_CTYPE']  # Python's own
        check_equal(names, ['LANG', 'OWN', 'PATH', 'SLUICE_ATTEMPT', 'SLUICE_JID',
                            'SLUICE_PROGRESS_FD', 'SLUICE_TYPE', 'TMPDIR'], 'the environment')


def exit_codes():
    with Programs() as station:
        failure = station.fail('sum', {'exit': 65})
        check(failure.final and failure.errtype == 'ExitStatus', failure)
        check_equal(failure.message, 'exit code 65: asked to fail', 'what the program said')
        check(not station.fail('sum', {'exit': 7}).final, 'other codes are tried again')


def cancelling():
    with Programs() as station:
        jid = station.push('sum', {'sleep': 600})
        wait_until(lambda: (station.job(jid).get('progress') or {}).get('percent') == 10,
                   'its progress')
        check_equal(station.sluice('cancel', jid).code, 0, 'cancel')
        done = station.sluice('wait', jid, '--timeout', '60s', timeout=90)
        check_equal(done.code, rig.JOB_FAILED, done.out + done.err)
        check_equal(station.job(jid)['state'], 'cancelled', 'its state')


def mistakes_are_named():
    with tempfile.TemporaryDirectory() as folder:
        config = pathlib.Path(folder) / 'worker.toml'
        for text, said in (('comand = ["true"]', 'work.exec.own.comand'),
                           ('command = ["no-such-program"]', 'there is no program'),
                           ('command = ["true"]\ngive_back = ["0"]', 'two meanings')):
            config.write_text(f'[work.exec.own]\n{text}\n')
            done = subprocess.run([str(SLUICE), 'work', '--config', str(config), '--dry-run'],
                                  capture_output=True, text=True, timeout=60, check=False)
            check(done.returncode != 0 and said in done.stderr, done)


if __name__ == '__main__':
    run_tests(a_shell_script, a_python_program, exit_codes, cancelling, mistakes_are_named)
