#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The operations types through a real server: backups, synchronisation, cleaning, monitoring and
health checks with alerts."""

import contextlib
import hashlib
import http.server
import json
import os
import shutil
import socketserver
import ssl
import subprocess
import threading
import time

import rig
import harness
from harness import run_tests
from rig import check, check_equal


def tree(folder):
    return {str(path.relative_to(folder)): path.read_bytes()
            for path in sorted(folder.rglob('*')) if path.is_file()}


def backups():
    (zstd,) = rig.needs('zstd')
    with rig.Station() as station:
        shutil.copytree(rig.DATA / 'texts', station.out / 'in' / 'texts')
        shutil.copytree(rig.DATA / 'logs', station.out / 'in' / 'logs')
        first = station.run('folder.backup', 'in', 'store')
        check(first['new_contents'] > 0 and first['unchanged'] == 0, first)
        (station.out / 'in' / 'more').write_text('more')
        second = station.run('folder.backup', 'in', 'store')
        check_equal((second['new_contents'], second['unchanged'], second['parent']),
                    (1, first['files'], first['snapshot']), 'the second backup')
        check(station.run('folder.verify', 'store', {'all': True})['sound'], 'sound')
        station.run('folder.restore', 'store', 'back')
        check_equal(tree(station.out / 'back'), tree(station.out / 'in'), 'what came back')
        station.run('folder.restore', 'store', 'older', {'snapshot': first['snapshot']})
        check(not (station.out / 'older' / 'more').exists(), 'the older snapshot has no more')
        # As docs/backup-format.md says.
        lines = (station.out / 'store' / 'snapshots' / f"{second['snapshot']}.jsonl").read_bytes()
        head, _, last = lines.rstrip(b'\n').rpartition(b'\n')
        check_equal(json.loads(last)['sha256'], hashlib.sha256(head + b'\n').hexdigest(), 'digest')
        for line in head.splitlines()[1:]:
            entry = json.loads(line)
            if entry['kind'] != 'file':
                continue
            sha = entry['sha256']
            content = subprocess.run(
                [zstd, '-dc', station.out / 'store' / 'objects' / sha[:2] / f'{sha}.zst'],
                check=True, capture_output=True).stdout
            check_equal(hashlib.sha256(content).hexdigest(), sha, entry['path'])
        victim = next((station.out / 'store' / 'objects').rglob('*.zst'))
        victim.write_bytes(victim.read_bytes()[:-1])
        failure = station.fail('folder.verify', 'store', {'all': True})
        check(failure.final and 'damaged' in failure.message, failure)
        check(station.fail('folder.restore', 'store', 'again').final, 'a damaged restore')
        check(not (station.out / 'again').exists(), 'nothing of it is there')


def synchronise_and_clean():
    with rig.Station() as station:
        copied = station.run('folder.sync', 'texts', 'mirror/texts')
        check_equal(copied['copied'], copied['files'], 'all files')
        check_equal(tree(station.out / 'mirror' / 'texts'), tree(rig.DATA / 'texts'), 'the mirror')
        check_equal(station.run('folder.sync', 'texts', 'mirror/texts',
                                {'compare': 'content'})['copied'], 0, 'a second time')
        for i in range(20):
            path = station.out / 'mirror' / f'{i}.tmp'
            path.write_text('x')
            os.utime(path, (time.time() - 3600 * i,) * 2)
        rules = {'older_than': 36000, 'patterns': ['*.tmp']}
        told = station.run('folder.clean', 'mirror', rules)
        check_equal((told['dry_run'], told['selected'], told['deleted']), (True, 10, 0), 'told')
        done = station.run('folder.clean', 'mirror', rules | {'dry_run': False})
        check_equal((done['deleted'], len(list((station.out / 'mirror').glob('*.tmp')))),
                    (10, 10), 'done')
        failure = station.fail('folder.clean', 'mirror',
                               {'keep_newest': 1, 'dry_run': False, 'delete_max': 3})
        check(failure.final and 'nothing was touched' in failure.message, failure)


def monitor():
    with rig.Station() as station:
        result = station.run('monitor.sample', 0.5, 0.1, {'output': 'samples.jsonl'})
        check_equal(result['samples'], 5, 'samples')
        lines = (station.out / 'samples.jsonl').read_text().splitlines()
        check_equal(len(lines), 5, 'lines')
        check(all(0 <= json.loads(line)['cpu_percent'] <= 100 for line in lines), lines)
        check(result['memory_used_bytes']['min'] > 0, result)


@contextlib.contextmanager
def web(status, certificate=None):
    """A web server that answers with status['now']; its port."""
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(status['now'])
            self.end_headers()
            self.wfile.write(b'all is well')

        def log_message(self, *_):
            pass

    class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
        daemon_threads = True

        def handle_error(self, *_):
            pass

    server = Server(('127.0.0.1', 0), Handler)
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate[0], certificate[1])
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def health():
    status = {'now': 200}
    with rig.Station(environment={'SLUICE_WORK_HTTP_NETWORKS': '127.0.0.0/8'}) as station:
        folder = station.server.folder
        pair = (folder / 'cert.pem', folder / 'key.pem')
        subprocess.run(['openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '5',
                        '-subj', '/CN=localhost', '-out', pair[0], '-keyout', pair[1]],
                       check=True, capture_output=True)
        with web(status) as port, web({'now': 200}, pair) as tls_port:
            checks = [{'name': 'page', 'url': f'http://127.0.0.1:{port}/', 'contains': 'well'},
                      {'kind': 'tcp', 'host': '127.0.0.1', 'port': port},
                      {'kind': 'certificate', 'host': '127.0.0.1', 'port': tls_port,
                       'days_min': 2}]
            options = {'state': 'health/web', 'on_change': {
                'type': 'health.alert', 'queue': 'alerts',
                'args': ['{name} is {state}: {message}']}}
            found = station.run('health.check', checks, options)
            check(found['ok'] and found['alerts'] == 0, found)
            check(4 < found['checks'][2]['days_left'] < 5.1, found)
            status['now'] = 503
            for alerts in (1, 0):
                found = station.run('health.check', checks, options)
                check_equal((found['bad'], found['alerts']), (1, alerts), f'down: {found}')
            status['now'] = 200
            check_equal(station.run('health.check', checks, options)['alerts'], 1, 'up again')
            strict = station.run('health.check', [checks[2] | {'days_min': 30}])
            check(not strict['ok'], strict)
        wire = harness.connect(station.server, x=1)
        jobs = wire.call_json('JOB LIST', {'filter': {'queue': 'alerts'}})['jobs']
        wire.close()
        check_equal([job['args'] for job in jobs],
                    [['page is down: status 503'], ['page is up: status 200']], 'the alerts')
        failure = station.fail('health.check', [{'kind': 'tcp', 'host': '192.168.0.1', 'port': 1}])
        check(failure.final and failure.errtype == 'Denied', failure)


if __name__ == '__main__':
    run_tests(backups, synchronise_and_clean, monitor, health)
