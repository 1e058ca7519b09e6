#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The job port with TLS and a password: who gets in and who does not."""

import json
import select
import socket
import ssl
import subprocess
import warnings

import harness
from harness import check, check_equal, sluice

PASSWORD = 'p@ss word/1'
QUOTED = 'p%40ss%20word%2F1'


def make_certificate(folder, name):
    """A self-signed certificate for localhost."""
    subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt',
                    'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-subj',
                    f'/CN={name}', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1',
                    '-keyout', folder / f'{name}.key', '-out', folder / f'{name}.pem'],
                   check=True, capture_output=True)
    return folder / f'{name}.pem', folder / f'{name}.key'


def start_guarded(server):
    certificate, key = make_certificate(server.folder, 'server')
    server.settings += [f'jobs.tls_certificate={certificate}', f'jobs.tls_key={key}']
    server.environment['SLUICE_JOBS_PASSWORD'] = PASSWORD
    server.start()
    return certificate


def only_who_knows_the_password_and_speaks_tls_gets_in(server):
    certificate = start_guarded(server)
    port = server.port
    good = f'tcp+tls://:{QUOTED}@localhost:{port}'

    done = sluice('push', 't', '1', '--tls-ca', certificate, url=good)
    check_equal(done.code, 0, f'a push with everything right: {done.err}')
    done = sluice('info', '--json', '--tls-ca', certificate, url=good)
    check_equal(done.json['faktory']['total_enqueued'], 1, 'the number of jobs')

    done = sluice('info', '--tls-ca', certificate, url=f'tcp+tls://:wrong@localhost:{port}')
    check_equal(done.code, 1, 'the exit code with a wrong password')
    check('password' in done.err.lower(), f'the message must name the password: {done.err}')
    check('wrong' not in done.err, 'a password must not be shown')
    done = sluice('info', '--tls-ca', certificate, url=f'tcp+tls://localhost:{port}')
    check_equal(done.code, 1, 'the exit code without a password')

    other, _ = make_certificate(server.folder, 'other')
    done = sluice('info', '--tls-ca', other, url=good)
    check(done.code != 0, 'an unknown authority must be refused')
    check('certificate' in done.err.lower(), f'the message must name the certificate: {done.err}')
    done = sluice('info', '--tls-insecure', url=good)
    check_equal(done.code, 0, f'--tls-insecure accepts any certificate: {done.err}')

    done = sluice('info', url=f'tcp://:{QUOTED}@localhost:{port}')
    check(done.code != 0, 'a plain connection to a TLS port must fail')


def a_pool_of_connections_opens_at_once(server):
    """Pools open 20 to 25 connections within milliseconds, each with its own proof to check."""
    server.environment['SLUICE_JOBS_PASSWORD'] = PASSWORD
    server.start()
    wires = [harness.Wire(server.address) for _ in range(25)]
    for wire in wires:
        wire.hello(password=PASSWORD, wid='pool', x=1)  # in the time that the server gives for it
    # The fetch waits longer than the connection does on which the BEAT goes.
    wires[0].send(b'FETCHB {"queues":["nothing"],"max":1,"wait_ms":60000}\r\n')
    check(wires[1].call('BEAT', {'wid': 'pool'}), 'BEAT beside a waiting fetch')
    check(not select.select([wires[0].socket], [], [], 0)[0], 'the fetch was answered')
    for wire in wires:
        wire.close()


def other_clients_and_versions(server):
    certificate = start_guarded(server)
    context = ssl.create_default_context(cafile=certificate)
    wire = harness.Wire(server.address,
                        wrap=lambda s: context.wrap_socket(s, server_hostname='localhost'))
    greeting = wire.hello(password=PASSWORD, wid='tls-worker')
    check(4000 <= greeting['i'] <= 8095, f'the rounds of the greeting: {greeting}')
    check_equal(wire.call('PUSH', {'jid': 'over-tls-1', 'jobtype': 't', 'args': []}), '+OK', 'PUSH')
    check_equal(wire.call_json('FETCH', 'default')['jid'], 'over-tls-1', 'the fetched job')
    check_equal(wire.call('ACK', {'jid': 'over-tls-1'}), '+OK', 'ACK')

    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the old versions are what is tried here
            old.minimum_version = ssl.TLSVersion.TLSv1
            old.maximum_version = ssl.TLSVersion.TLSv1_1
        with socket.create_connection(('127.0.0.1', server.port), 5) as raw:
            with old.wrap_socket(raw):
                raise harness.Failed('TLS 1.1 must be refused')
    except (ssl.SSLError, ConnectionError, ValueError):
        pass


def an_open_address_needs_both(server):
    server.address = '0.0.0.0:0'
    try:
        server.start()
        raise harness.Failed('an open address without credentials must be refused')
    except harness.Failed as error:
        check('before it was ready' in str(error), str(error))
    check('SLUICE_JOBS_PASSWORD' in server.log(), 'the message must say what to set')
    server.address = '0.0.0.0:0'
    start_guarded(server)


def a_job_that_arrived_stays_leased_although_later_replies_did_not(server):
    """Encrypted bytes are more than those that the server counts."""
    certificate, key = make_certificate(server.folder, 'server')
    server.settings += [f'jobs.tls_certificate={certificate}', f'jobs.tls_key={key}']
    server.start()
    context = ssl.create_default_context(cafile=certificate)

    def connect(**hello):
        plain = socket.create_connection(('127.0.0.1', server.port), 20)
        wire = context.wrap_socket(plain, server_hostname='localhost')
        replies = wire.makefile('rb')
        replies.readline()
        wire.sendall(b'HELLO ' + json.dumps({'v': 2, **hello}).encode() + b'\r\n')
        check_equal(replies.readline(), b'+OK\r\n', 'the reply to HELLO')
        return wire, replies

    def bulk(replies):
        return json.loads(replies.read(int(replies.readline()[1:]) + 2))

    producer, answers = connect()
    stays = connect(wid='w')  # so that the worker is not lost
    for number in range(10):
        producer.sendall(b'PUSH {"jid":"over-tls-%d","jobtype":"t","args":[]}\r\n' % number)
        check_equal(answers.readline(), b'+OK\r\n', 'the reply to PUSH')
        worker, replies = connect(wid='w')
        worker.sendall(b'FETCH default\r\n')
        check_equal(bulk(replies)['jid'], f'over-tls-{number}', 'the job fetched')
        worker.sendall(b'BEAT {"wid":"w"}\r\nINFO\r\n')
        replies.close()
        worker.close()
        harness.wait_until(lambda: connections(producer, answers, bulk) == 2, 'the end of it')
    producer.sendall(b'INFO\r\n')
    check_equal(bulk(answers)['faktory']['sets']['working'], 10, 'the jobs that run')
    stays[0].close()


def connections(wire, replies, bulk):
    wire.sendall(b'INFO\r\n')
    return bulk(replies)['server']['connections']


harness.run_server_tests(only_who_knows_the_password_and_speaks_tls_gets_in, other_clients_and_versions, a_pool_of_connections_opens_at_once,
                 a_job_that_arrived_stays_leased_although_later_replies_did_not,
                 an_open_address_needs_both)
