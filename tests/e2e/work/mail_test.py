#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""mail.send through a real server and worker to a mail server that we did not write, with TLS and a
login; what arrived is read by Python's email package."""

import email
import email.policy
import json
import pathlib
import shutil
import subprocess
import tempfile

import rig
from harness import needs, run_tests
from rig import DATA, check, check_equal

HERE = pathlib.Path(__file__).resolve().parent
# Debian's own Python: its packages are not seen by another one that comes first in PATH.
DEBIAN_PYTHON = '/usr/bin/python3'
PASSWORD = 'päss-wörd/42'


def has_server():
    try:
        return subprocess.run([DEBIAN_PYTHON, '-c', 'import aiosmtpd'], capture_output=True,
                              check=False).returncode == 0
    except OSError:
        return False


class Postbox:
    """The mail server and what it has kept."""

    def __init__(self, kind='starttls'):
        self.kind = kind
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix='sluice-mail-'))
        subprocess.run(['openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2',
                        '-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1',
                        '-keyout', self.folder / 'key.pem', '-out', self.folder / 'cert.pem'],
                       check=True, capture_output=True)

    def __enter__(self):
        self.process = subprocess.Popen(
            [DEBIAN_PYTHON, HERE / 'mail_server.py', self.folder, self.kind],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            text=True)
        line = self.process.stdout.readline()
        check(line.strip().isdigit(), f'the mail server did not start: {line!r}')
        self.url = f'{"smtps" if self.kind == "smtps" else "smtp"}://127.0.0.1:{line.strip()}'
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def config(self, password=PASSWORD, login=True, trust=True, more=''):
        """A worker's settings for it."""
        secret = self.folder / 'password'
        secret.write_text(password + '\n')
        secret.chmod(0o600)
        lines = ['[work.mail]', f'server = "{self.url}"', 'from = "Sluice Jobs <jobs@example.org>"']
        if trust:
            lines.append(f'tls_ca = "{self.folder / "cert.pem"}"')
        if login:
            lines += ['user = "jobs"', 'secret = "smtp"']
        lines += [more, '[work.secrets.smtp]', f'file = "{secret}"']
        return '\n'.join(lines) + '\n'

    def mails(self):
        """(envelope, message) of each, in order."""
        names = sorted(self.folder.glob('*.eml'), key=lambda path: int(path.stem))
        return [(json.loads(path.with_suffix('.json').read_text()),
                 email.message_from_bytes(path.read_bytes(), policy=email.policy.default))
                for path in names]


def text_of(message, kind):
    return message.get_body(preferencelist=(kind,)).get_content()


def everything_arrives():
    with Postbox() as postbox, rig.Station(config=postbox.config()) as station:
        picture = bytes(range(256)) * 40
        (station.out / 'logo.png').write_bytes(picture)
        (station.out / 'letter.html').write_text('<h1>Grüße, {{name}}</h1><img src="cid:logo">')
        order = (DATA / 'tables/orders.csv').read_bytes()
        result = station.run(
            'mail.send', ['Ada Lovelace <ada@example.org>', 'jörg <joerg@example.org>'],
            'Bericht für {{name}} – 100 €',
            {'text': 'Hallo {{name}},\n.\nEnde.\n' + 'ä' * 300, 'html_file': 'letter.html',
             'values': {'name': '<Jürgen> & Co'}, 'cc': 'cc@example.org', 'bcc': 'bcc@example.org',
             'reply_to': 'answers@example.org', 'headers': {'X-Campaign': 'Frühling'},
             'inline': [{'path': 'logo.png', 'cid': 'logo'}],
             'attachments': ['tables/orders.csv',
                             {'path': 'logo.png', 'name': 'Grüße aus Köln.bin'}]})
        check_equal(result['refused'], [], 'refused')
        check_equal(result['accepted'], ['ada@example.org', 'joerg@example.org', 'cc@example.org',
                                         'bcc@example.org'], 'accepted')
        (envelope, message), = postbox.mails()
        check(envelope['tls'] and envelope['login'], envelope)
        check_equal(envelope['from'], 'jobs@example.org', 'sender')
        check_equal(envelope['to'], result['accepted'], 'recipients')
        check_equal(message['Subject'], 'Bericht für <Jürgen> & Co – 100 €', 'subject')
        check_equal([a.display_name for a in message['To'].addresses], ['Ada Lovelace', 'jörg'],
                    'names')
        check_equal(message['From'].addresses[0].addr_spec, 'jobs@example.org', 'From')
        check_equal(message['Reply-To'].addresses[0].addr_spec, 'answers@example.org', 'Reply-To')
        check_equal(message['X-Campaign'], 'Frühling', 'X-Campaign')
        check(message['Bcc'] is None and 'bcc@' not in str(message), 'blind copies are blind')
        check_equal(message['Message-ID'], f'<{result["message_id"]}>', 'Message-ID')
        check(message['Date'].datetime is not None, 'Date')
        check_equal(text_of(message, 'plain').replace('\r\n', '\n').rstrip('\n'),
                    'Hallo <Jürgen> & Co,\n.\nEnde.\n' + 'ä' * 300, 'text')
        check_equal(text_of(message, 'html').strip(),
                    '<h1>Grüße, &lt;Jürgen&gt; &amp; Co</h1><img src="cid:logo">', 'HTML')
        files = {part.get_filename(): part for part in message.iter_attachments()}
        check_equal(set(files), {'orders.csv', 'Grüße aus Köln.bin'}, 'attachments')
        check_equal(files['orders.csv'].get_payload(decode=True), order, 'orders.csv')
        check_equal(files['orders.csv'].get_content_type(), 'text/csv', 'type')
        check_equal(files['Grüße aus Köln.bin'].get_payload(decode=True), picture, 'the other')
        inside = [part for part in message.walk() if part['Content-ID'] == '<logo>']
        check_equal([part.get_payload(decode=True) for part in inside], [picture], 'inline')
        check(not message.defects, message.defects)


def some_are_refused_and_some_wait():
    with Postbox() as postbox, rig.Station(config=postbox.config()) as station:
        result = station.run('mail.send', ['nobody@example.org', 'ada@example.org',
                                           'full@example.org'], 'x', {'text': 'y'})
        check_equal(result['accepted'], ['ada@example.org'], 'accepted')
        check_equal([(r['address'], r['status'], r['temporary']) for r in result['refused']],
                    [('nobody@example.org', 550, False), ('full@example.org', 452, True)], 'refused')
        failure = station.fail('mail.send', 'nobody@example.org', 'x', {'text': 'y'})
        check(failure.final and failure.errtype == 'MailRefused', failure)
        jid = station.push('mail.send', 'busy@example.org', 'x', {'text': 'y'},
                           options=['--retry', '3', '--backoff', 'none'])
        result = station.wait(jid)
        tries = [m for e, m in postbox.mails() if e['to'] == ['busy@example.org']]
        check_equal(len(tries), 2, 'attempts')
        check_equal({m['Message-ID'] for m in tries}, {f'<{result["message_id"]}>'}, 'Message-ID')


def a_wrong_password_is_told_to_nobody():
    wrong = 'not-the-password'
    with Postbox() as postbox, rig.Station(config=postbox.config(password=wrong)) as station:
        failure = station.fail('mail.send', 'ada@example.org', 'x', {'text': 'y'})
        check(failure.errtype == 'MailLogin' and not failure.final, failure)
        check('535' in failure.message, failure)
        check_equal(postbox.mails(), [], 'mails')
        for where in (station.log(), station.server.log(), failure.message):
            check(wrong not in where and 'bm90LXRoZS' not in where, f'the secret is in {where}')


def tls_is_required():
    with Postbox('plain') as postbox:
        with rig.Station(config=postbox.config(login=False)) as station:
            failure = station.fail('mail.send', 'ada@example.org', 'x', {'text': 'y'})
            check('TLS' in failure.message, failure)
        with rig.Station(config=postbox.config(login=False, more='tls = "none"')) as station:
            station.run('mail.send', 'ada@example.org', 'x', {'text': 'y'})
        check_equal(len(postbox.mails()), 1, 'mails')
    with Postbox() as postbox, rig.Station(config=postbox.config(trust=False)) as station:
        failure = station.fail('mail.send', 'ada@example.org', 'x', {'text': 'y'})
        check('certificate is not trusted' in failure.message, failure)
        check_equal(postbox.mails(), [], 'mails')


def smtps_is_tls_from_the_start():
    with Postbox('smtps') as postbox, rig.Station(config=postbox.config()) as station:
        result = station.run('mail.send', 'ada@example.org', 'x', {'text': 'y'})
        check_equal(result['accepted'], ['ada@example.org'], 'accepted')
        check_equal(len(postbox.mails()), 1, 'mails')


def policy_holds():
    config = {'more': 'recipients = ["*@example.org"]'}
    with Postbox() as postbox, rig.Station(config=postbox.config(**config)) as station:
        for arguments, said in ((['ada@elsewhere.example', 'x'], 'may not write to'),
                                (['ada@example.org', 'x\r\nBcc: b@example.org'], 'line end'),
                                (['ada@example.org', 'x', {'from': 'boss@example.org'}],
                                 'may not write as'),
                                (['ada@example.org', '{{x}}', {'values': {}}], 'no value for {{x}}'),
                                (['ada@example.org', {'$secret': 'smtp'}], 'takes no secrets'),
                                (['ada@example.org', 'x', {'attachments': ['../worker.toml']}],
                                 '`..` part')):
            failure = station.fail('mail.send', *arguments)
            check(failure.final and said in failure.message, f'{arguments}: {failure}')
        check_equal(postbox.mails(), [], 'mails')


if __name__ == '__main__':
    needs(('python3-aiosmtpd', has_server()), ('openssl', shutil.which('openssl')))
    run_tests(everything_arrives, some_are_refused_and_some_wait,
              a_wrong_password_is_told_to_nobody, tls_is_required, smtps_is_tls_from_the_start,
              policy_holds)
