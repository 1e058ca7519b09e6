# SPDX-License-Identifier: Apache-2.0
"""The web servers that the crawler's end-to-end tests crawl: nginx and httpbin, which we did not
write, each on free loopback ports with everything in a folder of its own; their access logs as
data; and running `sluice crawl`."""

import getpass
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import harness  # noqa: E402
from harness import SLUICE, Failed, check, needs, wait_until  # noqa: E402,F401

NGINX = shutil.which('nginx', path=os.environ.get('PATH', '') + ':/usr/sbin:/sbin')
# Debian's own Python: its packages (httpbin) are not seen by another one that comes first in PATH.
DEBIAN_PYTHON = '/usr/bin/python3'


def check_same_set(found, expected, what):
    """The same members; says which are missing and which are too many."""
    found, expected = set(found), set(expected)
    check(found == expected,
          f'{what}: {len(expected - found)} of {len(expected)} missing: '
          f'{sorted(expected - found)[:8]}; {len(found - expected)} too many: '
          f'{sorted(found - expected)[:8]}')


def free_port(address='127.0.0.1'):
    with socket.socket() as probe:
        probe.bind((address, 0))
        return probe.getsockname()[1]


def is_open(address, port):
    with socket.socket() as probe:
        probe.settimeout(5)
        return probe.connect_ex((address, port)) == 0


class Folder:
    """A temporary folder that goes with its user."""

    def __init__(self, name):
        self.path = pathlib.Path(tempfile.mkdtemp(prefix=f'sluice-{name}-'))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.remove()

    def remove(self):
        shutil.rmtree(self.path, ignore_errors=True)


class Request:
    """One line of nginx's access log. Times are Unix seconds of this machine's clock, to the
    millisecond: `began` when nginx had read the first byte, `ended` when it had sent the last;
    `counted` is where limits count from."""
    __slots__ = ('began', 'ended', 'counted', 'address', 'host', 'method', 'uri', 'status', 'bytes',
                 'connection', 'agent', 'conditional', 'encoding', 'protocol', 'client')

    def __init__(self, fields):
        self.ended = fields['ended']
        self.began = self.counted = self.ended - fields['took']
        self.address, self.host = fields['address'], fields['host']
        self.method, self.uri = fields['method'], fields['uri']
        self.status, self.bytes = fields['status'], fields['bytes']
        self.connection, self.agent = fields['connection'], fields['agent']
        self.conditional, self.encoding = fields['conditional'], fields['encoding']
        self.protocol, self.client = fields['protocol'], fields['client']

    def __repr__(self):
        return f'{self.began:.3f} {self.address} {self.host}{self.uri} {self.status}'


LOG_FORMAT = ('{"ended":$msec,"took":$request_time,"address":"$server_addr","host":"$http_host",'
              '"method":"$request_method","uri":"$request_uri","status":$status,'
              '"bytes":$body_bytes_sent,"connection":$connection,"agent":"$http_user_agent",'
              '"conditional":"$http_if_none_match$http_if_modified_since",'
              '"encoding":"$http_accept_encoding","protocol":"$server_protocol",'
              '"client":"$ssl_client_s_dn"}')

CONFIG = '''
daemon off;
master_process off;
{user}
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
worker_rlimit_nofile 8192;
events {{ worker_connections 4096; }}
http {{
  types {{ text/html html htm; text/css css; application/javascript js; image/png png;
           image/svg+xml svg; text/plain txt; application/xml xml; }}
  default_type application/octet-stream;
  charset utf-8;
  charset_types text/html text/plain;
  sendfile on;
  tcp_nopush on;
  tcp_nodelay on;
  keepalive_timeout 60s;
  keepalive_requests 1000000;
  server_names_hash_max_size 4096;
  log_format crawl escape=json '{log_format}';
  access_log {log};
  client_body_temp_path {folder}/tmp;
  proxy_temp_path {folder}/tmp;
  fastcgi_temp_path {folder}/tmp;
  uwsgi_temp_path {folder}/tmp;
  scgi_temp_path {folder}/tmp;
{http}
}}
'''


class PortTaken(Exception):
    """The port was free when it was chosen, and is no more."""


class Nginx:
    """One nginx process. `servers` are server blocks; "PORT" in them becomes the port."""

    def __init__(self, servers, *, address='127.0.0.1', log=True, prefix=()):
        self.folder = Folder('nginx')
        self.servers = servers
        self.port = 0
        self.address = address
        self.log_path = self.folder.path / 'access.log'
        self.log = f'{self.log_path} crawl' if log else 'off'
        self.config = self.folder.path / 'nginx.conf'
        (self.folder.path / 'tmp').mkdir()
        self.prefix = list(prefix)
        self.process = None

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.close()

    def start(self, tries=10):
        """Later starts use the same port again."""
        self.port = self.port or free_port(self.address)
        self.config.write_text(CONFIG.format(
            folder=self.folder.path, log_format=LOG_FORMAT, log=self.log,
            user=f'user {getpass.getuser()};' if os.getuid() == 0 else '',
            http=self.servers.replace('PORT', str(self.port))))
        self.process = subprocess.Popen(
            [*self.prefix, NGINX, '-p', str(self.folder.path), '-c', str(self.config),
             '-e', str(self.folder.path / 'error.log')],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=open(self.folder.path / 'stderr.log', 'ab'))
        try:
            wait_until(lambda: self._ended() or is_open(self.address, self.port),
                       'nginx takes requests')
        except PortTaken:
            check(tries > 1, 'nginx finds no port')
            self.port = 0
            return self.start(tries - 1)
        return self

    def _ended(self):
        if self.process.poll() is None:
            return False
        said = (self.folder.path / 'stderr.log').read_text() + self.errors()
        if 'Address already in use' in said:
            for name in ('stderr.log', 'error.log'):
                (self.folder.path / name).write_text('')
            raise PortTaken
        raise Failed(f'nginx ended with {self.process.returncode}:\n{said}')

    @property
    def url(self):
        return f'http://{self.address}:{self.port}'

    def errors(self):
        path = self.folder.path / 'error.log'
        return path.read_text(errors='replace') if path.exists() else ''

    def requests(self):
        """The access log so far, in the order in which the requests ended."""
        if not self.log_path.exists():
            return []
        data = self.log_path.read_bytes()
        lines = data[:data.rfind(b'\n') + 1].decode('utf-8', 'replace').splitlines()
        return [Request(json.loads(line)) for line in lines]

    def wait_for_requests(self, count):
        """The access log, once it has so many lines: nginx writes a line when the answer has gone."""
        wait_until(lambda: self.request_count() >= count, f'{count} requests in the log')
        return self.requests()

    def request_count(self):
        """Lines of the access log, without reading what they say."""
        return self.log_path.read_bytes().count(b'\n') if self.log_path.exists() else 0

    def forget(self):
        """Empties the access log; nginx appends to it, so nothing is lost or torn."""
        os.truncate(self.log_path, 0)

    def close(self):
        stop(self.process)
        self.folder.remove()


class Site:
    """A folder for crawls, and an nginx whose site is made in it: `servers` gives the server blocks
    for the folder's path."""

    def __init__(self, name, servers):
        self.folder = Folder(name)
        self.nginx = Nginx(servers(self.folder.path))

    def __enter__(self):
        self.nginx.start()
        return self

    def __exit__(self, *_):
        self.nginx.close()
        self.folder.remove()


def stop(process):
    """Ends a server that may have ended already."""
    if process and process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def static_site(root, extra=''):
    """A server block for a folder of files."""
    return (f'server {{ listen 127.0.0.1:PORT; root {root}; index index.html;\n'
            f'  absolute_redirect off;\n{extra} }}\n')


class Httpbin:
    """python3-httpbin under gunicorn, both from Debian."""

    def __init__(self):
        self.folder = Folder('httpbin')
        self.process = None
        self.port = 0

    @staticmethod
    def is_installed():
        return subprocess.run([DEBIAN_PYTHON, '-c', 'import httpbin, gunicorn'],
                              capture_output=True, check=False).returncode == 0

    def __enter__(self):
        log = self.folder.path / 'httpbin.log'
        self.process = subprocess.Popen(
            [DEBIAN_PYTHON, '-m', 'gunicorn', '--bind', '127.0.0.1:0', '--worker-class', 'gthread',
             '--threads', '8', '--keep-alive', '30', '--worker-tmp-dir', str(self.folder.path),
             'httpbin:app'],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            cwd=self.folder.path)
        reader = harness.LogReader(self.process.stdout, log)
        lines = reader.wait_for('Listening at: http://', 60)
        check(lines is not None, f'httpbin did not start:\n{log.read_text()}')
        where = next(line for line in lines if 'Listening at: http://' in line)
        self.port = int(where.split('http://127.0.0.1:')[1].split()[0])
        return self

    def __exit__(self, *_):
        stop(self.process)
        self.folder.remove()

    @property
    def url(self):
        return f'http://127.0.0.1:{self.port}'


# Every test crawls loopback, which the outbound policy refuses unless told otherwise.
LOOPBACK = ('--allow-net', '127.0.0.0/8')


class Crawl:
    """One `sluice crawl` and what it left in its folder."""

    def __init__(self, folder):
        self.out = pathlib.Path(folder)
        self.code = None
        self.stdout = self.stderr = ''

    def words(self, *words):
        return [str(SLUICE), 'crawl', '--out', str(self.out), *LOOPBACK, *map(str, words)]

    def run(self, *words, timeout=120, code=0):
        done = subprocess.run(self.words(*words), capture_output=True, text=True, timeout=timeout,
                              check=False)
        self.code, self.stdout, self.stderr = done.returncode, done.stdout, done.stderr
        if code is not None:
            check(done.returncode == code,
                  f'sluice crawl {" ".join(map(str, words))} ended with {done.returncode}, '
                  f'not {code}\n  out: {done.stdout[-1500:]}\n  err: {done.stderr[-1500:]}')
        return self

    def start(self, *words):
        return subprocess.Popen(self.words(*words), stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def pages(self):
        """The records of pages.jsonl, in order; a torn line is an error."""
        data = (self.out / 'pages.jsonl').read_bytes()
        check(not data or data.endswith(b'\n'), 'pages.jsonl ends inside a line')
        return [json.loads(line) for line in data.splitlines()]
