#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`sluice crawl` against httpbin: redirects, codings, cookies, authentication, statuses, validators."""

import json
import os

import rig
from harness import check, check_equal, run_tests

FAST = ('--delay', '0', '--connections-per-host', '8', '--ignore-robots', '--attempts', '2',
        '--retry-delay', '100ms')


def crawl(httpbin, folder, *paths, words=(), environment=None):
    """Crawls these paths and what they link to; (records by path, the last event)."""
    run = rig.Crawl(folder)
    before = dict(os.environ)
    os.environ.update(environment or {})
    try:
        run.run(*(httpbin.url + path for path in paths), *FAST, '--json', *words)
    finally:
        os.environ.clear()
        os.environ.update(before)
    records = {}
    for page in run.pages():
        path = page['url'].removeprefix(httpbin.url)
        check(path not in records, f'{path} is there twice')
        records[path] = page
    last = json.loads(run.stdout.splitlines()[-1])
    check(last['adds_up'], f'the balance: {last}')
    return records, last


def statuses(records):
    return {path: page.get('status') for path, page in records.items()}


def main():
    with rig.Httpbin() as httpbin, rig.Folder('httpbin') as folder:
        def run(name, *paths, **more):
            return crawl(httpbin, folder.path / name, *paths, **more)

        def links():
            records, last = run('links', '/links/12/0')
            check_equal(statuses(records), {f'/links/12/{n}': 200 for n in range(12)}, 'pages')
            check_equal(last['fetched'], 12, 'counted')

        def redirects():
            records, last = run('redirects', '/redirect/3', '/absolute-redirect/2',
                                '/relative-redirect/2', words=['--depth', '0'])
            check(records['/get']['status'] == 200, 'all of them end at /get')
            check_equal(last['redirected'], 5, f'hops: {sorted(records)}')
            records, last = run('too-many', '/redirect/15', words=['--depth', '0'])
            check('/get' not in records and last['exclusions'] == {'redirects': 1}, str(last))

        def codings():
            records, _ = run('codings', '/gzip', '/deflate', '/brotli', '/encoding/utf8', '/html',
                             words=['--extract', 'heading=css:h1'])
            check_equal(set(statuses(records).values()), {200}, 'statuses')
            check_equal(records['/html']['extracted']['heading'], 'Herman Melville - Moby-Dick',
                        'the heading')

        def cookies():
            records, _ = run('cookies', '/cookies/set?taste=sweet')
            check_equal(statuses(records), {'/cookies/set?taste=sweet': 302, '/cookies': 200},
                        'the cookie is set by a redirect')

        def authentication():
            secret = {'SLUICE_TEST_SECRET': 'pass'}
            host = f'127.0.0.1:{httpbin.port}'
            paths = ('/basic-auth/user/pass', '/digest-auth/auth/user/pass', '/bearer')
            records, last = run('without', *paths)
            check_equal(set(statuses(records).values()), {401}, 'without')
            for number, kind in enumerate(('basic:user:', 'digest:user:', 'bearer:')):
                records, _ = run(f'with{number}', paths[number], environment=secret, words=[
                    '--auth', f'http://{host}={kind}' + '{env:SLUICE_TEST_SECRET}'])
                check_equal(statuses(records), {paths[number]: 200}, kind)

        def errors_and_retries():
            records, last = run('errors', '/status/404', '/status/410', '/status/500', '/status/204')
            check_equal(statuses(records), {'/status/404': 404, '/status/410': 410,
                                            '/status/500': 500, '/status/204': 204}, 'statuses')
            check_equal((last['failed'], last['failures'], last['fetched']), (3, {'http': 3}, 1),
                        'the books')
            check_equal(records['/status/500'].get('attempts'), 2, 'a 500 is tried again')
            check_equal(records['/status/404'].get('attempts'), None, 'a 404 is not')

        def slow_and_large():
            records, last = run('slow', '/delay/9', '/bytes/5000', '/stream-bytes/70000',
                                '/drip?numbytes=5&duration=1', words=['--timeout', '2s', '--body',
                                                                      '20KiB'])
            check_equal(records['/delay/9'].get('failure'), 'timeout', 'a slow one')
            check_equal(records['/bytes/5000']['bytes'], 5000, 'a small one')
            check_equal((records['/stream-bytes/70000']['bytes'],
                         records['/stream-bytes/70000'].get('truncated')), (20 << 10, True),
                        'a large one')
            check_equal(records['/drip?numbytes=5&duration=1']['status'], 200, 'a dripping one')

        run_tests(links, redirects, codings, cookies, authentication, errors_and_retries,
                      slow_and_large)


if __name__ == '__main__':
    rig.needs(('python3-httpbin, python3-gunicorn', rig.Httpbin.is_installed()))
    main()
