#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`sluice crawl` against a server that misbehaves: the crawl always ends, the books balance, nothing
grows without bound, and each URL ends as it should."""

import json
import os
import socket
import subprocess

import hostile
import rig
from harness import check, check_equal, run_tests

FAST = ('--delay', '0', '--connections-per-host', '8', '--timeout', '1s', '--attempts', '2',
        '--retry-delay', '100ms', '--json')
MEMORY_MAX = 400 << 20  # bytes resident; a bomb would be 256 MiB, unpacked twice far more


class Outcome:
    def __init__(self, run, usage):
        self.last = json.loads(run.stdout.splitlines()[-1])
        self.pages = {page['url']: page for page in run.pages()}
        self.memory = usage.ru_maxrss << 10

    def at(self, url):
        page = self.pages.get(url)
        return None if page is None else page.get('failure') or page.get('status')


def crawl(folder, *words):
    """Runs it and measures it."""
    run = rig.Crawl(folder)
    process = subprocess.Popen(run.words(*words), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               text=True)
    with process.stdout, process.stderr:
        run.stdout, run.stderr = process.stdout.read(), process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    check_equal(process.returncode, 0, f'the exit code of {words}: {run.stderr[-1000:]}')
    outcome = Outcome(run, usage)
    check(outcome.last['adds_up'], f'the balance: {outcome.last}')
    check(outcome.memory < MEMORY_MAX, f'{outcome.memory >> 20} MiB of memory')
    return outcome


def main():
    with rig.Folder('hostile') as folder, hostile.Hostile(folder.path) as server:
        def run(name, *words, path='/'):
            return crawl(folder.path / name, server.hosts[name] + path, *FAST, *words)

        def fates(name, outcome):
            url = server.hosts[name]
            return {path.removeprefix(url): outcome.at(path) for path in outcome.pages}

        def hangs_and_drips():
            found = fates('hang', run('hang'))
            check_equal(found, {'/': 200, '/never': 'timeout', '/head': 'timeout',
                                '/body': 'timeout'}, 'fates')
            found = fates('drip', run('drip', '--body', '100KiB'))
            check(found['/drip'] in ('timeout', 'body'), f'a byte at a time: {found}')

        def resets():
            found = fates('reset', run('reset'))
            check_equal((found['/'], found['/fine']), (200, 200), 'what is fine')
            check(all(found[path] in ('connect', 'body', 'http')
                      for path in ('/now', '/head', '/body')), f'fates: {found}')

        def endless_bodies():
            outcome = run('endless', '--body', '300KiB')
            url = server.hosts['endless']
            for path in ('/chunked', '/close'):
                page = outcome.pages[url + path]
                check_equal((page['status'], page['bytes'], page.get('truncated')),
                            (200, 300 << 10, True), path)

        def redirect_loops():
            outcome = run('loop')
            found = fates('loop', outcome)
            check_equal(found['/target'], 200, 'a redirect that is none of these')
            check_equal((found['/self'], found['/a'], found['/b']), ('http', 301, 301), 'loops')
            chain = [path for path in found if path.startswith('/chain/')]
            check_equal(len(chain), 11, 'hops of an endless chain')
            check_equal(outcome.last['exclusions'].get('redirects'), 1, str(outcome.last))

        def inside_addresses():
            outcome = run('inside', '--any-host', '--time', '20s')
            check_equal(fates('inside', outcome).get('/metadata'), 302, 'the redirect')
            check(outcome.last['failures'].get('blocked', 0) >= 3, f'blocked: {outcome.last}')

        def throttling():
            outcome = run('throttle', '--attempts', '3')
            check_equal(set(fates('throttle', outcome).values()), {200}, 'in the end')
            asked = [one for one in server.asked_for('throttle') if one.path != '/robots.txt']
            for path, word in (('/seconds', 2.0), ('/date', 1.0)):
                first = next(i for i, one in enumerate(asked) if one.path == path)
                pause = asked[first + 1].when - asked[first].when
                # A request that was on its way already may follow at once, no later one may.
                later = [one for one in asked[first + 1:]
                         if 0.2 < one.when - asked[first].when < word - 0.1]
                check(not later, f'after {path} the host was asked {pause:.2f} s later: {later}')

        def wrong_lengths():
            found = fates('length', run('length'))
            check_equal(found['/'], 200, 'the front page')
            for path in ('/more', '/chunk', '/badchunk', '/negative', '/nonsense'):
                check(found[path] in ('body', 'http'), f'{path}: {found[path]}')
            check(found['/less'] in (200, 'body', 'http'), f'less: {found}')

        def bad_tls():
            outcome = run('tls_name', '--ignore-robots')
            check_equal(outcome.at(server.hosts['tls_name'] + '/'), None if not outcome.pages
                        else 'tls', f'{outcome.last}')
            check_equal(server.asked_for('tls_name'), [], 'it was asked for nothing')
            host = server.hosts['tls_name'].removeprefix('https://').partition(':')[0]
            outcome = crawl(folder.path / 'trusting', server.hosts['tls_name'], *FAST,
                            '--insecure-host', host)
            check_equal(outcome.last['fetched'], 2, f'with --insecure-host: {outcome.last}')
            outcome = run('not_tls', '--ignore-robots')
            check_equal(outcome.last['fetched'], 0, 'plain HTTP at https://')

        def bombs():
            outcome = run('bomb')
            found = fates('bomb', outcome)
            check_equal((found['/'], found['/fine'], found['/packed']), (200, 200, 200), 'fine')
            check(found['/broken'] == 'body' and '/gzip' in found, f'fates: {found}')

        def traps():
            outcome = run('trap', '--depth', '12', '--host-pages', '300')
            check(outcome.last['end'] == 'complete', f'the end: {outcome.last}')
            check(outcome.last['fetched'] <= 300, f'fetched: {outcome.last["fetched"]}')
            check(outcome.last['exclusions'].get('shape', 0) > 0, f'shapes: {outcome.last}')

        def session_ids():
            outcome = run('session')
            check_equal(sorted(fates('session', outcome)), ['/'] + [f'/{n}' for n in range(6)],
                        'pages without session ids')

        def heads():
            found = fates('headers', run('headers'))
            check_equal((found['/'], found['/fine']), (200, 200), 'what is fine')
            for path in ('/large', '/many', '/continue', '/garbage', '/old'):
                check(isinstance(found[path], str), f'{path} failed: {found[path]}')

        def robots_in_trouble():
            outcome = run('robots_error', '--time', '3s')
            check_equal((outcome.last['fetched'], outcome.last['queued']), (0, 1), 'nothing fetched')
            check_equal({one.path for one in server.asked_for('robots_error')}, {'/robots.txt'},
                        'what was asked for')

        def nobody_there():
            with socket.socket() as closed:
                closed.bind(('127.3.1.1', 0))
                port = closed.getsockname()[1]
                outcome = crawl(folder.path / 'nobody', f'http://127.3.1.1:{port}/',
                                'http://no-such-host.invalid/', *FAST, '--ignore-robots', '--time',
                                '10s')
            check_equal(outcome.last['fetched'], 0, 'nobody answers')

        run_tests(hangs_and_drips, resets, endless_bodies, redirect_loops, inside_addresses,
                      throttling, wrong_lengths, bad_tls, bombs, traps, session_ids, heads,
                      robots_in_trouble, nobody_there)


if __name__ == '__main__':
    main()
