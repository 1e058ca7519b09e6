# SPDX-License-Identifier: Apache-2.0
"""A web server that misbehaves on purpose. Each behaviour has an address of its own (127.3.0.N, all
on one port), so that what the crawler learns about one host does not touch the others. It writes
down when it was asked for what.

Each handler gets the request's path and headers and writes whatever it likes."""

import asyncio
import gzip
import os
import pathlib
import socket
import ssl
import struct
import subprocess
import threading
import time
import zlib

HEAD = b'HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n'


def page(body, status='200 OK', *more):
    body = body.encode() if isinstance(body, str) else body
    head = [f'HTTP/1.1 {status}', 'Content-Type: text/html; charset=utf-8',
            f'Content-Length: {len(body)}', *more]
    return '\r\n'.join(head).encode() + b'\r\n\r\n' + body


def links(*targets):
    return page('<html><body>' + ' '.join(f'<a href="{t}">{t}</a>' for t in targets) + '</body>')


NOT_FOUND = page('nothing here', '404 Not Found')


def bomb(size):
    """A gzip member of `size` zero bytes."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    block = bytes(1 << 20)
    return b''.join(packer.compress(block) for _ in range(size >> 20)) + packer.flush()


class Asked:
    """One request as the server saw it."""
    __slots__ = ('when', 'host', 'path', 'headers')

    def __init__(self, when, host, path, headers):
        self.when, self.host, self.path, self.headers = when, host, path, headers


class Hostile:
    """The server, in a thread. `hosts` maps the name of a behaviour to its URL."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.asked, self.hosts, self.names = [], {}, {}
        self.lock = threading.Lock()
        self.loop = asyncio.new_event_loop()
        self.servers, self.tasks = [], set()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.port = 0
        self.bomb = bomb(256 << 20)
        self.counts = {}

    # -- life ------------------------------------------------------------------------------------

    def __enter__(self):
        started = threading.Event()
        self.loop.call_soon_threadsafe(lambda: self.loop.create_task(self._listen(started)))
        self.thread.start()
        if not started.wait(60):
            raise RuntimeError('the hostile server did not start')
        return self

    def __exit__(self, *_):
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(30)

    def _run(self):
        asyncio.set_event_loop(self.loop)
        try:
            self.loop.run_forever()
        finally:
            for server in self.servers:
                server.close()
            for task in asyncio.all_tasks(self.loop):
                task.cancel()
            self.loop.run_until_complete(asyncio.sleep(0))
            self.loop.close()

    async def _listen(self, started):
        behaviours = [name[3:] for name in sorted(dir(self)) if name.startswith('do_')]
        for number, name in enumerate(behaviours, 1):
            address = f'127.3.0.{number}'
            context = self._tls(name) if name.startswith('tls_') else None
            server = await asyncio.start_server(
                lambda r, w, name=name: self._serve(name, r, w), address, self.port, ssl=context,
                limit=1 << 20)
            self.servers.append(server)
            self.port = self.port or server.sockets[0].getsockname()[1]
            scheme = 'https' if 'tls' in name else 'http'
            self.hosts[name] = f'{scheme}://{address}:{self.port}'
            self.names[address] = name
        started.set()

    def _tls(self, name):
        key, cert = self.folder / f'{name}.key', self.folder / f'{name}.pem'
        subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt',
                        'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-subj',
                        '/CN=elsewhere.test', '-keyout', str(key), '-out', str(cert)],
                       check=True, capture_output=True)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cert, key)
        return context

    async def _serve(self, name, reader, writer):
        try:
            while True:
                try:
                    if name == 'not_tls':  # what comes has no lines
                        await reader.read(1)
                        writer.write(links())
                        return
                    head = await reader.readuntil(b'\r\n\r\n')
                except (asyncio.IncompleteReadError, asyncio.LimitOverrunError):
                    return
                lines = head.decode('latin-1').split('\r\n')
                path = lines[0].split(' ')[1] if lines[0].count(' ') >= 2 else '?'
                headers = {k.lower(): v.strip() for k, _, v in
                           (line.partition(':') for line in lines[1:]) if k}
                with self.lock:
                    self.asked.append(Asked(time.time(), name, path, headers))
                    key = (name, path)
                    self.counts[key] = self.counts.get(key, 0) + 1
                if path == '/robots.txt' and name != 'robots_error':
                    writer.write(NOT_FOUND)
                elif not await getattr(self, 'do_' + name)(path, headers, writer):
                    return
                await writer.drain()
        except (ConnectionError, ssl.SSLError, OSError, asyncio.CancelledError):
            pass
        finally:
            try:
                writer.close()
            except (RuntimeError, OSError):
                pass  # the loop has ended

    def asked_for(self, name):
        with self.lock:
            return [one for one in self.asked if one.host == name]

    # -- behaviours: true to keep the connection --------------------------------------------------

    async def do_hang(self, path, headers, writer):
        """Takes the request and says nothing; or stops in the head, or in the body."""
        if path == '/':
            writer.write(links('/never', '/head', '/body'))
            return True
        if path == '/head':
            writer.write(b'HTTP/1.1 200 OK\r\nContent-')
        elif path == '/body':
            writer.write(HEAD + b'Content-Length: 1000\r\n\r\n<html>')
        await writer.drain()
        await asyncio.sleep(3600)
        return False

    async def do_drip(self, path, headers, writer):
        """A byte at a time, for ever."""
        if path == '/':
            writer.write(links('/drip'))
            return True
        writer.write(HEAD + b'Content-Length: 100000\r\n\r\n')
        while True:
            writer.write(b'.')
            await writer.drain()
            await asyncio.sleep(0.05)

    async def do_reset(self, path, headers, writer):
        """Ends the connection with RST: at once, in the head, in the body."""
        if path == '/':
            writer.write(links('/now', '/head', '/body', '/fine'))
            return True
        if path == '/fine':
            writer.write(links())
            return True
        if path == '/head':
            writer.write(b'HTTP/1.1 200 OK\r\nContent-')
        elif path == '/body':
            writer.write(HEAD + b'Content-Length: 1000\r\n\r\n<html>')
        await writer.drain()
        raw = writer.get_extra_info('socket')
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
        return False

    async def do_endless(self, path, headers, writer):
        """Bodies without an end: chunked, until the end of the connection, and as one line."""
        if path == '/':
            writer.write(links('/chunked', '/close'))
            return True
        block = b'<p>' + b'x' * 65000 + b'</p>\n'
        if path == '/chunked':
            writer.write(HEAD + b'Transfer-Encoding: chunked\r\n\r\n')
            block = b'%x\r\n%s\r\n' % (len(block), block)
        else:
            writer.write(HEAD + b'Connection: close\r\n\r\n')
        while True:
            writer.write(block)
            await writer.drain()

    async def do_loop(self, path, headers, writer):
        """Redirects: to itself, in a circle, without an end, to nowhere."""
        if path == '/':
            writer.write(links('/self', '/a', '/chain/1', '/short', '/empty', '/odd', '/file',
                               '/script'))
            return True
        targets = {'/self': '/self', '/a': '/b', '/b': '/a', '/short': '/target', '/empty': '',
                   '/odd': 'http://[', '/file': 'file:///etc/passwd',
                   '/script': 'javascript:alert(1)'}
        if path == '/target':
            writer.write(links())
        elif path.startswith('/chain/'):
            number = int(path.rpartition('/')[2])
            writer.write(page('', '302 Found', f'Location: /chain/{number + 1}'))
        else:
            writer.write(page('', '301 Moved Permanently', f'Location: {targets.get(path, "/")}'))
        return True

    async def do_inside(self, path, headers, writer):
        """Leads to addresses that nobody outside may ask: by link and by redirect."""
        if path == '/':
            writer.write(links('/metadata', 'http://169.254.169.254/latest/meta-data/',
                               'http://[::1]:1/', 'http://10.0.0.1/', 'http://0.0.0.0:1/'))
        else:
            writer.write(page('', '302 Found', 'Location: http://169.254.169.254/latest/'))
        return True

    async def do_throttle(self, path, headers, writer):
        """429 with Retry-After once, then 503 with a date, then all is well."""
        if path == '/':
            writer.write(links('/seconds', '/date', '/fine'))
            return True
        first = self.counts[('throttle', path)] == 1
        if path == '/seconds' and first:
            writer.write(page('slow down', '429 Too Many Requests', 'Retry-After: 2'))
        elif path == '/date' and first:
            when = time.strftime('%a, %d %b %Y %H:%M:%S GMT', time.gmtime(time.time() + 2))
            writer.write(page('slow down', '503 Service Unavailable', f'Retry-After: {when}'))
        else:
            writer.write(links())
        return True

    async def do_length(self, path, headers, writer):
        """A Content-Length that is not the body's: more, less, two, none, nonsense."""
        body = b'<html><a href="/found">x</a></html>'
        if path == '/':
            writer.write(links('/more', '/less', '/two', '/nonsense', '/negative', '/chunk',
                               '/badchunk'))
        elif path == '/more':
            writer.write(HEAD + b'Content-Length: 500\r\n\r\n' + body)
            return False
        elif path == '/less':
            writer.write(HEAD + b'Content-Length: 10\r\n\r\n' + body)
            return False
        elif path == '/two':
            writer.write(HEAD + b'Content-Length: 10\r\nContent-Length: 20\r\n\r\n' + body)
            return False
        elif path == '/nonsense':
            writer.write(HEAD + b'Content-Length: many\r\n\r\n' + body)
            return False
        elif path == '/negative':
            writer.write(HEAD + b'Content-Length: -5\r\n\r\n' + body)
            return False
        elif path == '/chunk':
            writer.write(HEAD + b'Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nabc')
            return False
        elif path == '/badchunk':
            writer.write(HEAD + b'Transfer-Encoding: chunked\r\n\r\nxyz\r\nabc\r\n0\r\n\r\n')
            return False
        else:
            writer.write(links())
        return True

    async def do_tls_name(self, path, headers, writer):
        """A certificate of nobody we trust, for another name."""
        writer.write(links('/inside'))
        return True

    async def do_not_tls(self, path, headers, writer):
        """Plain HTTP where https was asked for; _serve does it."""
        raise NotImplementedError

    async def do_bomb(self, path, headers, writer):
        """256 MiB of zeros in 250 kB; codings that are none; a coding in a coding."""
        if path == '/':
            writer.write(links('/gzip', '/twice', '/broken', '/unknown', '/fine'))
            return True
        if path == '/fine':
            writer.write(page(gzip.compress(b'<a href="/packed">x</a>'), '200 OK',
                              'Content-Encoding: gzip'))
        elif path == '/gzip':
            writer.write(page(self.bomb, '200 OK', 'Content-Encoding: gzip'))
        elif path == '/twice':
            writer.write(page(gzip.compress(self.bomb), '200 OK',
                              'Content-Encoding: gzip, gzip'))
        elif path == '/broken':
            writer.write(page(b'\x1f\x8b\x08\x00garbage' + os.urandom(200), '200 OK',
                              'Content-Encoding: gzip'))
        elif path == '/unknown':
            writer.write(page(b'???', '200 OK', 'Content-Encoding: made-up'))
        else:
            writer.write(links())
        return True

    async def do_trap(self, path, headers, writer):
        """Links without an end: ever deeper, ever longer, repeating, counting, calendars."""
        number = int(''.join(filter(str.isdigit, path.partition('?')[0])) or 0)
        if path == '/':
            writer.write(links('/n/0', '/a/b/', '/q?a=1', '/cal/2026-1'))
        elif path.startswith('/n/'):
            writer.write(links(f'/n/{number + 1}', f'/n/{number + 2}'))
        elif path.startswith('/q?'):
            writer.write(links(path + f'&k{len(path)}=1'))
        elif path.startswith('/cal/'):
            month = int(path.partition('?')[0].rpartition('-')[2])
            writer.write(links(f'/cal/2026-{month + 1}', f'/cal/2026-{month + 1}?view=day'))
        else:
            writer.write(links('a/b/', '../b/', './'))
        return True

    async def do_session(self, path, headers, writer):
        """Every page gives every link a new session id; there are six pages."""
        bare = path.partition('?')[0].partition(';')[0]
        number = int(bare.lstrip('/') or 0)
        new = os.urandom(8).hex()
        writer.write(links(f'/{(number + 1) % 6}?PHPSESSID={new}', f'/{number};jsessionid={new}',
                           f'/{(number + 2) % 6}?sid={new}'))
        return True

    async def do_headers(self, path, headers, writer):
        """Heads that are too large, never end, or are no heads."""
        if path == '/':
            writer.write(links('/large', '/many', '/continue', '/garbage', '/nul', '/old', '/fine'))
            return True
        if path == '/large':
            writer.write(HEAD + b'X-Large: ' + b'x' * (4 << 20) + b'\r\n\r\n')
            return False
        if path == '/many':
            writer.write(HEAD)
            while True:
                writer.write(b'X-Header: more\r\n' * 1000)
                await writer.drain()
        if path == '/continue':
            while True:
                writer.write(b'HTTP/1.1 100 Continue\r\n\r\n' * 1000)
                await writer.drain()
        if path == '/garbage':
            writer.write(os.urandom(4096))
            return False
        if path == '/nul':
            writer.write(HEAD + b'X-Nul: a\0b\r\nContent-Length: 0\r\n\r\n')
            return False
        if path == '/old':
            writer.write(b'<html><a href="/never">no head at all</a></html>')
            return False
        writer.write(links())
        return True

    async def do_robots_error(self, path, headers, writer):
        """robots.txt answers 500: nothing else may be asked for."""
        if path == '/robots.txt':
            writer.write(page('broken', '500 Internal Server Error'))
        else:
            writer.write(links('/forbidden'))
        return True
