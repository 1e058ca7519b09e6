#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The documents name what there is: settings and their defaults (docs/limits.md), metrics
(docs/operations.md) and threads (docs/threads.md), compared with the running programs. What the
sentences say, people have to check."""

import pathlib
import re
import urllib.request

import harness
from harness import Worker, check, check_equal, sluice, wait_until

DOCS = pathlib.Path(__file__).resolve().parents[2] / 'docs'
SETTING = re.compile(r'^(server|http|log|jobs|work)\.[a-zA-Z_.]+$')
UNITS = {'': 1, 'B': 1, 'KiB': 1 << 10, 'MiB': 1 << 20, 'GiB': 1 << 30, 'ms': 1e-3, 's': 1, 'm': 60,
         'min': 60, 'h': 3600, 'd': 86400, 'days': 86400}


def number_of(text):
    """"64 MiB", "1d" or "20,000; where …" as a number; None: it does not begin with one."""
    found = re.match(r'([\d,]+)\s*([A-Za-z]*)', text)
    return found and int(found[1].replace(',', '')) * UNITS.get(found[2], 1)


def limits_are_those_of_the_settings(_):
    settings = sluice('check-config', '--describe', '--json').json['settings']
    compared = 0
    for line in (DOCS / 'limits.md').read_text().splitlines():
        cells = [cell.strip() for cell in line.split('|')]
        if len(cells) != 6:
            continue
        names = re.findall(r'`([^`]+)`', cells[3])
        for name in filter(SETTING.match, names):
            check(name in settings, f'there is no setting {name}: {line}')
        told = number_of(cells[2])
        if len(names) != 1 or told is None or not SETTING.match(names[0]):
            continue
        if settings[names[0]]['type'] not in ('integer', 'duration', 'size'):
            continue
        check_equal(told, number_of(str(settings[names[0]]['default'])), f'the default in: {line}')
        compared += 1
    check(compared > 15, f'only {compared} defaults were compared')


def settings_of_the_worker_are_explained(_):
    """Those of the server are explained by check-config --describe, to which the page sends people."""
    settings = sluice('check-config', '--describe', '--json').json['settings']
    page = (DOCS / 'operations.md').read_text()
    for row in re.findall(r'^\| (`work\.[^|]*)\|', page, re.MULTILINE):
        for name in filter(SETTING.match, re.findall(r'`([^`]+)`', row)):
            check(name in settings, f'there is no setting {name}')
    for name in settings:
        if not name.startswith('work.'):
            continue
        # Those of a family stand there by their last word, in an example or among others.
        words = rf'\b{name.rpartition(".")[2]}\b' if 'NAME' in name else f'`{re.escape(name)}`'
        check(re.search(words, page), f'docs/operations.md does not tell of {name}')


def metrics_in(address):
    with urllib.request.urlopen(f'http://{address}/metrics', timeout=30) as page:
        return set(re.findall(r'^# TYPE (\S+) ', page.read().decode(), re.MULTILINE))


def metrics_are_told(server):
    server.start()
    worker = Worker(server, '--set', 'work.http=127.0.0.1:0')
    try:
        wait_until(lambda: 'status page' in worker.log(), 'the status page')
        page = re.search(r'status page address=(\S+)', worker.log()).group(1)
        of_server, of_worker = metrics_in(server.http_address), metrics_in(page)
    finally:
        worker.close()
    text = (DOCS / 'operations.md').read_text()
    told = set(re.findall(r'`(sluice_[a-z_]+)(?:\{[^`]*)?`', text))
    # `sluice_connections{listener=…}`, `…_accepted_total`
    told |= {f'sluice_connections{rest}' for rest in re.findall(r'`…(_[a-z_]+)`', text)}
    check_equal(sorted(of_server - told), [], 'metrics that docs/operations.md does not tell of')
    check_equal(sorted(told - of_server - of_worker), [], 'metrics that there are not')


def threads_are_told(server):
    server.start()
    worker = Worker(server, '--set', 'work.http=127.0.0.1:0')
    try:
        wait_until(lambda: 'status page' in worker.log(), 'the status page')
        sluice('push', 'math.factorial', '5', '--wait', server=server)
        names = {path.read_text().strip() for process in (server.process, worker.process)
                 for path in pathlib.Path(f'/proc/{process.pid}/task').glob('*/comm')}
    finally:
        worker.close()
    told = set(re.findall(r'`([^`]+)`', (DOCS / 'threads.md').read_text()))
    check(len(names) > 15, f'threads: {names}')
    check_equal(sorted(name for name in names
                       if name not in told and re.sub(r'-\d+$', '-N', name) not in told), [],
                'threads that docs/threads.md does not tell of')


harness.run_server_tests(limits_are_those_of_the_settings, settings_of_the_worker_are_explained,
                         metrics_are_told, threads_are_told)
