#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""http.*, web.scrape, web.scrape_pages and web.crawl through a real server and worker, to a web
server on loopback that also misbehaves."""

import gzip
import hashlib
import http.server
import json
import pathlib
import shutil
import tempfile
import threading

import rig
from harness import run_tests, wait_until
from rig import check, check_equal

NETWORK = 'work.http_networks=127.0.0.1'
CONTENT = bytes((i * 7 + i // 1000) % 251 for i in range(3_000_000))
SHOP = {
    '/': '<title>Shop</title><h1>All</h1>' + ''.join(
        f'<a href="/item/{i}">{i}</a>' for i in range(1, 9)) + '<a href="/private">x</a>',
    **{f'/item/{i}': f'<h1>Item {i}</h1><p class="price">EUR {i},{i}00.50</p>'
                     f'<img src="/{i}.png" alt="picture {i}"><a href="/">up</a>'
       for i in range(1, 9)},
    '/private': 'secret'}


class Site(http.server.BaseHTTPRequestHandler):
    """One page for each way to behave."""
    protocol_version = 'HTTP/1.1'

    def log_message(self, *_):
        pass

    def answer(self, status=200, body=b'', headers=(), length=None):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header('Content-Length', str(len(body) if length is None else length))
        self.end_headers()
        if self.command != 'HEAD':
            self.wfile.write(body)

    def do_GET(self):  # noqa: N802
        self.server.seen.append((self.command, self.path, dict(self.headers)))
        size = int(self.headers.get('Content-Length', 0))
        body = self.rfile.read(size)
        name = self.path.strip('/').split('/')[0].replace('-', '_')
        special = getattr(self, 'page_' + name, None)
        if special:
            special(body)
        elif self.path == '/robots.txt':
            self.answer(body=b'User-agent: *\nDisallow: /private\n',
                        headers=[('Content-Type', 'text/plain')])
        elif self.path in SHOP:
            self.answer(body=SHOP[self.path].encode(), headers=[('Content-Type', 'text/html')])
        else:
            self.answer(404, b'none')

    do_POST = do_PUT = do_HEAD = do_GET

    def page_echo(self, body):
        said = json.dumps({'method': self.command, 'headers': dict(self.headers),
                           'body': body.decode()})
        self.answer(body=said.encode(), headers=[('Content-Type', 'application/json')])

    def page_busy_once(self, _):
        again = sum(path == self.path for _, path, _ in self.server.seen) > 1
        self.answer(*((200, b'now') if again else (503, b'later')), headers=[('Retry-After', '1')])

    def page_to_metadata(self, _):
        self.answer(302, headers=[('Location', 'http://169.254.169.254/latest/meta-data/')])

    def page_to_private(self, _):
        port = self.server.server_address[1]
        self.answer(302, headers=[('Location', f'http://127.0.0.2:{port}/')])

    def page_to_file(self, _):
        self.answer(302, headers=[('Location', 'file:///etc/passwd')])

    def page_bomb(self, _):
        self.answer(body=gzip.compress(bytes(200 << 20), 9),
                    headers=[('Content-Encoding', 'gzip')])

    def page_endless(self, _):
        self.send_response(200)
        self.end_headers()
        self.close_connection = True
        try:
            while True:
                self.wfile.write(bytes(65536))
        except OSError:
            pass

    def page_slow(self, _):
        """A byte now and then, until the client goes."""
        self.send_response(200)
        self.send_header('Content-Length', '1000000')
        self.end_headers()
        self.close_connection = True
        try:
            while not self.server.ending.wait(0.2):
                self.wfile.write(b'x')
        except OSError:
            pass

    def page_header_bomb(self, _):
        self.send_response(200)
        for i in range(5000):
            self.send_header(f'X-{i}', 'y' * 60)
        self.end_headers()
        self.close_connection = True

    def page_short(self, _):
        self.answer(body=b'abc', length=1000)
        self.close_connection = True

    def page_big(self, _):
        """Ranges and tags as a real server has them; the first whole answer breaks off."""
        begin = 0
        wanted = self.headers.get('Range')
        if wanted and self.headers.get('If-Range') == self.server.tag:
            begin = int(wanted[len('bytes='):-1])
        headers = [('ETag', self.server.tag)]
        if begin:
            headers.append(('Content-Range', f'bytes {begin}-{len(CONTENT) - 1}/{len(CONTENT)}'))
        rest = CONTENT[begin:]
        broken = self.server.breaks > 0
        self.server.breaks -= 1
        self.answer(206 if begin else 200, rest[:1_500_000] if broken else rest, headers,
                    length=len(rest))
        self.close_connection = broken


class Web:
    def __enter__(self):
        self.server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Site)
        self.server.daemon_threads = True
        self.server.seen, self.server.tag, self.server.breaks = [], '"one"', 0
        self.server.ending = threading.Event()
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.ending.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def url(self, path):
        return f'http://127.0.0.1:{self.server.server_address[1]}{path}'


def requests_and_secrets():
    with Web() as web:
        key = pathlib.Path(tempfile.mkdtemp(prefix='sluice-key-')) / 'key'
        key.write_text('s3cr3t-t0ken\n')
        key.chmod(0o600)
        config = f'[work]\nhttp_networks = ["127.0.0.1"]\n[work.secrets.key]\nfile = "{key}"\n'
        with rig.Station(config=config) as station:
            got = station.run('http.request', web.url('/echo'), {
                'method': 'PUT', 'json': {'a': [1, {'$secret': 'key'}]},
                'headers': {'Authorization': {'$secret': 'key'}, 'X-Open': 'yes'},
                'expect': {'status': '2xx', 'json': {'/method': 'PUT', '/headers/X-Open': 'yes'},
                           'headers': {'Content-Type': {'matches': 'json'}}, 'latency': 30}})
            check_equal(got['checks'], 5, 'checks')
            check('s3cr3t' not in json.dumps(got) and '***' in got['body'], got['body'])
            method, _, headers = web.server.seen[-1]
            check_equal((method, headers['Authorization']), ('PUT', 's3cr3t-t0ken'), 'sent')
            failure = station.fail('http.request', web.url('/'), {'expect': {'contains': 'nowhere'}})
            check(failure.errtype == 'CheckFailed' and 'nowhere' in failure.message, failure)
            failure = station.fail('http.request', web.url('/echo'), {
                'headers': {'A': {'$secret': 'key'}}, 'expect': {'json': {'/headers/A': 'x'}}})
            check('s3cr3t' not in failure.message and '***' in failure.message, failure)
            # What the server keeps of a job, and shows, is the reference.
            jid = station.push('http.request', web.url('/echo'), {
                'method': 'POST', 'body': {'$secret': 'key'}, 'expect': {'status': 200}})
            station.wait(jid)
            told = station.sluice('job', jid).out + station.sluice('job', jid, '--json').out
            check('s3cr3t' not in told and '"$secret"' in told, told)
            check_equal(station.run('http.request', web.url('/busy-once'))['body'], 'now',
                        'after Retry-After')
            check_equal(station.run('http.get', web.url('/item/1'))['status'], 200, 'http.get')
            # A flow's jobs, and its files, have references too.
            (station.out / 'in').mkdir()
            (station.out / 'in/a.txt').write_text('x')
            flow = station.run('flow.map', 'in', [{'type': 'http.request', 'args': [
                web.url('/echo'), {'headers': {'Authorization': {'$secret': 'key'},
                                               'X-File': '{path}'}}]}])
            check_equal(station.wait_later(flow['finish'])['succeeded'], 1, 'flow')
            _, _, headers = web.server.seen[-1]
            check_equal((headers['Authorization'], headers['X-File']),
                        ('s3cr3t-t0ken', 'in/a.txt'), 'sent by a flow')
            kept = b''.join(path.read_bytes() for path in station.out.rglob('*') if path.is_file())
            check(b's3cr3t' not in kept, 'a secret in the files of a flow')
            check('s3cr3t' not in station.log() + station.server.log(), 'a secret in a log')
        shutil.rmtree(key.parent)


def hostile_servers():
    with Web() as web, rig.Station('--set', NETWORK) as station:
        for path, errtype in (('/to-metadata', 'Denied'), ('/to-private', 'Denied'),
                              ('/to-file', 'Denied'), ('/bomb', 'LimitExceeded'),
                              ('/endless', 'LimitExceeded'), ('/header-bomb', 'LimitExceeded')):
            failure = station.fail('http.request', web.url(path))
            check(failure.errtype == errtype and failure.final, f'{path}: {failure}')
        failure = station.fail('http.request', web.url('/slow'), {'timeout': 1})
        check_equal(failure.errtype, 'Timeout', 'slow server')
        failure = station.fail('http.request', web.url('/short'))
        check_equal(failure.errtype, 'InputOutputError', 'cut off')
        failure = station.fail('http.download', web.url('/endless'), 'e', {'size_max': 1_000_000})
        check_equal(failure.errtype, 'LimitExceeded', 'endless download')
        failure = station.fail('http.download', web.url('/to-file'), 'e')
        check_equal(failure.errtype, 'Denied', 'download of a file://')
        check_equal(list(station.out.iterdir()), [], 'what is left')


def only_public_addresses_unless_allowed():
    """Every host may be asked for, but this machine is reached by none of its names."""
    with Web() as web, rig.Station('--set', 'work.http_hosts=*') as station:
        port = web.server.server_address[1]
        for host in ('127.0.0.1', 'localhost', '[::1]', '[::ffff:127.0.0.1]', '0.0.0.0',
                     '2130706433', '0x7f.1', '169.254.169.254', '10.0.0.1', '[fd00:ec2::254]',
                     '[fe80::1]', '100.100.100.200', '168.63.129.16'):
            for jobtype, more in (('http.request', []), ('http.get', []), ('http.download', ['x'])):
                failure = station.fail(jobtype, f'http://{host}:{port}/', *more)
                check(failure.errtype == 'Denied' and failure.final, f'{jobtype} {host}: {failure}')
        check_equal(web.server.seen, [], 'requests that came through')
        check_equal(list(station.out.iterdir()), [], 'what is left')


def downloads_go_on():
    digest = hashlib.sha256(CONTENT).hexdigest()
    options = ['--retry', '5', '--backoff', 'none']
    with Web() as web, rig.Station('--set', NETWORK) as station:
        web.server.breaks = 1
        jid = station.push('http.download', web.url('/big'), 'd/big.bin', {'sha256': digest},
                           options=options)
        result = station.wait(jid)
        check_equal((result['bytes'], result['sha256']), (len(CONTENT), digest), 'whole')
        check(0 < result['resumed_bytes'] <= 1_500_000, result)
        check((station.out / 'd/big.bin').read_bytes() == CONTENT, 'content')
        check_equal([p.name for p in (station.out / 'd').iterdir()], ['big.bin'], 'what is left')
        ranges = [h.get('Range') for _, path, h in web.server.seen if path == '/big']
        check_equal(ranges, [None, f'bytes={result["resumed_bytes"]}-'], 'requests')
        failure = station.fail('http.download', web.url('/big'), 'x', {'sha256': '0' * 64})
        check(failure.final and failure.errtype == 'ChecksumMismatch', failure)


def pages_are_scraped():
    with Web() as web, rig.Station('--set', NETWORK) as station:
        got = station.run('web.scrape', web.url('/item/3'), {'fields': {
            'name': 'h1', 'price': {'css': '.price', 'as': 'number'},
            'id': {'css': 'img', 'attr': 'src', 'pattern': '([0-9]+)'}, 'xpath': 'xpath://p'}})
        check_equal(got['fields'], {'name': 'Item 3', 'price': 3300.5, 'id': '3',
                                    'xpath': 'EUR 3,300.50'}, 'fields')
        failure = station.fail('web.scrape', web.url('/private'), {'fields': {'a': 'h1'}})
        check(failure.final and 'robots.txt' in failure.message, failure)
        for path in ('/to-metadata', '/to-private'):
            failure = station.fail('web.scrape', web.url(path), {'fields': {'a': 'h1'}})
            check(failure.final and failure.errtype == 'Denied', f'{path}: {failure}')
        got = station.run('web.scrape_pages', web.url('/'), 'items.jsonl', {
            'fields': {'name': 'h1', 'price': {'css': '.price', 'as': 'number'}}, 'only': '/item/',
            'delay': 0.1, 'depth': 1})
        check_equal((got['rows'], got['end'], got['excluded']), (8, 'complete', 1), 'shop')
        rows = [json.loads(line) for line in (station.out / 'items.jsonl').read_text().splitlines()]
        check_equal({r['fields']['name']: r['fields']['price'] for r in rows},
                    {f'Item {i}': i * 1100 + 0.5 for i in range(1, 9)}, 'rows')
        check_equal([p.name for p in station.out.iterdir()], ['items.jsonl'], 'what is left')


def a_site_is_crawled_and_goes_on():
    with Web() as web, rig.Station('--set', NETWORK, '--grace', '1s') as station:
        jid = station.push('web.crawl', web.url('/'),
                           {'output': 'shop', 'delay': 0.5, 'extract': ['name=css:h1']},
                           options=['--retry', '5', '--backoff', 'none'])
        # The worker is stopped in the middle; another one goes on in the same folder.
        wait_until(lambda: sum(p.startswith('/item/') for _, p, _ in list(web.server.seen)) >= 2,
                       'two items')
        station.worker.end()
        station.start_worker()
        result = station.wait(jid)
        check_equal((result['end'], result['balanced'], result['fetched']), ('complete', True, 9),
                    'the crawl')
        check_equal(result['excluded'], {'robots': 1}, 'excluded')
        pages = [json.loads(line) for line in
                 (station.out / 'shop/pages.jsonl').read_text().splitlines()]
        check_equal(sorted(p['extracted']['name'] for p in pages),
                    sorted(['All'] + [f'Item {i}' for i in range(1, 9)]), 'pages.jsonl')
        fetched = [p for _, p, _ in web.server.seen if p.startswith('/item/')]
        check(len(fetched) <= 8 + 1, f'what was in flight, and no more, is fetched twice: {fetched}')
        failure = station.fail('web.crawl', web.url('/'), {'output': '../shop'})
        check(failure.final and failure.errtype == 'InvalidArguments', failure)
        (station.out / 'link').symlink_to('/tmp')
        failure = station.fail('web.crawl', web.url('/'), {'output': 'link/shop'})
        check(failure.final and failure.errtype == 'Denied', failure)


if __name__ == '__main__':
    run_tests(requests_and_secrets, hostile_servers, only_public_addresses_unless_allowed,
              downloads_go_on, pages_are_scraped, a_site_is_crawled_and_goes_on)
