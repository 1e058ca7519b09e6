# SPDX-License-Identifier: Apache-2.0
"""A whole client for Sluice in one file to copy: the Faktory protocol with Sluice's leases."""

import hashlib
import json
import os
import secrets
import socket
import ssl
from urllib.parse import unquote, urlsplit

Job = dict  # as the server sends it: jid, jobtype, args, lease, attempt and more


class Refused(Exception):
    """The server said no; the text says why."""


class Sluice:
    """One connection. `wid` names a worker; a producer has none."""

    def __init__(self, url: str | None = None, *, wid: str | None = None, slots: int = 1) -> None:
        parts = urlsplit(url or os.environ.get('FAKTORY_URL', 'tcp://localhost:7419'))
        self.socket = socket.create_connection((parts.hostname, parts.port or 7419), timeout=90)
        if parts.scheme.endswith('tls'):
            self.socket = ssl.create_default_context().wrap_socket(
                self.socket, server_hostname=parts.hostname)
        self.stream = self.socket.makefile('rwb')
        greeting = json.loads(self._reply()[len('HI '):])
        worker = {'wid': wid, 'slots': slots, 'labels': ['python']} if wid else {}
        hello = {'v': 2, 'x': 1, 'hostname': socket.gethostname(), 'pid': os.getpid()} | worker
        if 's' in greeting:
            proof = (unquote(parts.password or '') + greeting['s']).encode()
            for _ in range(greeting['i']):
                proof = hashlib.sha256(proof).digest()
            hello['pwdhash'] = proof.hex()
        self.call('HELLO', hello)
        self.wid = wid

    def _reply(self):
        mark, text = self.stream.read(1), self.stream.readline().decode().rstrip('\r\n')
        if not mark:
            raise ConnectionError('the server closed the connection')
        if mark == b'-':
            raise Refused(text)
        if mark != b'$':
            return text
        return None if text == '-1' else json.loads(self.stream.read(int(text) + 2))

    def call(self, verb: str, argument: object):
        self.stream.write(f'{verb} {json.dumps(argument)}\r\n'.encode())
        self.stream.flush()
        return self._reply()

    def push(self, jobtype: str, *args: object, jid: str = '', **options: object) -> str:
        jid = jid or secrets.token_hex(12)
        self.call('PUSH', {'jid': jid, 'jobtype': jobtype, 'args': args} | options)
        return jid

    def wait(self, jid: str, seconds: float = 30) -> Job:
        return self.call('WAIT', {'jids': [jid], 'timeout_ms': int(seconds * 1000)})['jobs'][0]

    def fetch(self, *queues: str, most: int = 1, seconds: float = 15) -> list[Job]:
        return self.call('FETCHB', {'queues': queues or ['default'], 'max': most,
                                    'wait_ms': int(seconds * 1000)})

    def ack(self, job: Job, result: object = None) -> None:
        self.call('ACKB', [{'jid': job['jid'], 'lease': job['lease'], 'result': result}])

    def fail(self, job: Job, error: Exception, final: bool = False) -> None:
        self.call('FAILB', [{'jid': job['jid'], 'lease': job['lease'], 'final': final,
                             'errtype': type(error).__name__, 'message': str(error)}])

    def beat(self, jobs: list[Job]) -> Job:
        """Every 5 s, on a connection of its own: keeps the leases, and tells what to stop."""
        return self.call('BEAT', {'wid': self.wid, 'jobs': [job['lease'] for job in jobs]})

    def close(self) -> None:
        self.stream.close()
        self.socket.close()
