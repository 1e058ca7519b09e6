#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A mail server that we did not write (aiosmtpd of Debian) on a free port of loopback. It keeps each
mail as a file, with a JSON file of its envelope beside it. Usage: mail_server.py FOLDER
starttls|smtps|plain; FOLDER has cert.pem and key.pem. Its first line says the port."""

import asyncio
import json
import pathlib
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult


class Keeper:
    """nobody@… is unknown, full@… is full, and a mail to busy@… is taken at the second attempt."""

    def __init__(self, folder):
        self.folder, self.count, self.busy = folder, 0, 0

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802
        if address.startswith('nobody@'):
            return '550 5.1.1 no such user'
        if address.startswith('full@'):
            return '452 4.2.2 mailbox full'
        envelope.rcpt_tos.append(address)
        return '250 fine'

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        (self.folder / f'{self.count}.eml').write_bytes(envelope.content)
        (self.folder / f'{self.count}.json').write_text(json.dumps(
            {'from': envelope.mail_from, 'to': envelope.rcpt_tos, 'tls': session.ssl is not None,
             'login': session.authenticated}))
        self.count += 1
        if any(to.startswith('busy@') for to in envelope.rcpt_tos):
            self.busy += 1
            if self.busy == 1:
                return '451 4.3.0 busy now'
        return f'250 2.0.0 kept as {self.count}'


def authenticate(server, session, envelope, mechanism, data):
    right = data.login == b'jobs' and data.password == 'päss-wörd/42'.encode()
    return AuthResult(success=right, handled=False)


async def main(folder, kind):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / 'cert.pem', folder / 'key.pem')
    keeper = Keeper(folder)
    more = {'authenticator': authenticate, 'auth_required': True} if kind != 'plain' else {}
    if kind == 'starttls':
        more.update(tls_context=context, require_starttls=True)
    if kind == 'smtps':
        more.update(auth_require_tls=False)  # it does not know that it is inside TLS
    server = await asyncio.get_running_loop().create_server(
        lambda: SMTP(keeper, hostname='loopback', **more), '127.0.0.1', 0,
        ssl=context if kind == 'smtps' else None)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main(pathlib.Path(sys.argv[1]), sys.argv[2]))
