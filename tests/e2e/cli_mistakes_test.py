#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a hurried user types: every refusal says what is wrong, what to write, and where the help is;
and no word that was typed is passed over."""

import harness
from harness import check, check_equal, sluice

OK, FAILED, USAGE, NOT_FOUND, NO_SERVER = range(5)

# Words; exit code; what the message must say.
MISTAKES = [
    ('jobs --sttae dead', USAGE, 'sluice jobs: unknown option --sttae; did you mean --state?',
     'see: sluice jobs --help'),
    ('jobs dead', USAGE, "sluice jobs: 'dead' is not expected: this command takes options only", 'see: sluice jobs --help'),
    ('jobs --limit 0', USAGE, 'sluice jobs: --limit', 'see: sluice jobs --help'),
    ('job', USAGE, 'sluice job: ID is required', 'see: sluice job --help'),
    ('queues pasue x', USAGE, "sluice queues: no such word 'pasue'; did you mean pause?",
     'there are: pause, resume, remove, sync, async'),
    ('queues remove *', USAGE, '--all means every queue'),
    ('queues async', USAGE, 'sluice queues: name the queues\n'),
    ('queues async --all', USAGE, 'unknown option --all', 'see: sluice queues async --help'),
    ('dead rm x', USAGE, "sluice dead: no such word 'rm'", 'there are: list, retry, delete'),
    ('dead list --limit 0', USAGE, '--limit'),
    ('top --count 0', USAGE, '--count'),
    ('top --once --count 3', USAGE, '--once'),
    ('push t --timeout 5', USAGE, 'sluice push: --timeout 5: not a duration such as 250ms'),
    ('push t --timeout 30d', USAGE, '--timeout 30d: at most 7d'),
    ('push t --keep 9999d', USAGE, '--keep 9999d: at most 3660d'),
    ('push t --at +10', USAGE, '--at +10: write +10m'),
    ('push t --priority high', USAGE, 'sluice push: --priority'),
    ('top --interval 1s --interval 2s', USAGE, 'sluice top: --interval is given more than once'),
    ('job one two', USAGE, "sluice job: 'two' is one word too many"),
    ('restore', USAGE, 'sluice restore: BACKUP is required'),
    ('work typs', USAGE, "sluice work: no such word 'typs'; did you mean types?"),
    ('work --queue x', USAGE, 'sluice work: unknown option --queue; did you mean --queues?'),
    ('backup /x --http 7420', USAGE, '"7420" is not an address: the port is missing'),
    ('backup /x --http 127.0.0.1:1', NO_SERVER, '--http HOST:PORT', 'sluice serve'),
]


def every_mistake_is_explained(server):
    server.start()
    for line, code, *texts in MISTAKES:
        done = sluice(*line.split(), server=server)
        check_equal(done.code, code, f'exit code of sluice {line}\n{done.err}')
        check_equal(done.out, '', f'standard output of sluice {line}')
        for text in texts:
            check(text in done.err, f'{text!r} is not in the message of sluice {line}:\n{done.err}')
    for words in (['job', ''], ['wait', ''], ['cancel', ''], ['dead', 'retry', ''],
                  ['jobs', '--server', ''], ['queues', '--server', '', 'pause', 'x'],
                  ['dead', 'delete', '--type', '', '--glob', 'x'], ['push', 't', '--queue', ''],
                  ['serve', '--data', ''], ['serve', '--config', ''], ['work', '--queues', ''],
                  ['work', '--read-root', ''], ['backup', ''], ['restore', ''], ['restore', '/x', '--data', '']):
        done = sluice(*words, server=server)
        check_equal(done.code, USAGE, f'exit code of sluice {words}\n{done.err}')
        check('empty' in done.err, done.err)


def a_line_that_is_too_long_is_skipped(server):
    server.start()
    jobs = server.folder / 'jobs.jsonl'
    # Its first 16 MiB are a job.
    jobs.write_text('["x"]' + ' ' * (16 << 20) + 'no JSON\n["y"]\n')
    done = sluice('push', 't', '--file', jobs, server=server)
    check('jobs.jsonl:1: longer than 16 MiB (skipped)' in done.err, done.err)
    check_equal([job['args'] for job in sluice('jobs', '--json', server=server).json], [['y']],
                'what was pushed')


def options_before_the_word_count(server):
    """They were those of the list that comes without a word, and passed over with one."""
    server.start()
    for words in (['queues', '--server', 'tcp://127.0.0.1:1', 'pause', 'x'],
                  ['dead', '--server', 'tcp://127.0.0.1:1', 'retry', '--all']):
        check_equal(sluice(*words, server=server).code, NO_SERVER, f'sluice {words}')
    check_equal(sluice('queues', '--json', 'pause', 'x', server=server).json,
                {'done': 'paused', 'queues': 'x'}, 'JSON of queues pause')
    jid = sluice('push', 't', '--retry', '-1', server=server).out.strip()
    wire = harness.connect(server, wid='w', x=1)
    (job,) = wire.call_json('FETCHB', {'queues': ['default'], 'max': 1, 'wait_ms': 10000})
    wire.call('FAIL', {'jid': jid, 'errtype': 'E', 'message': 'm'})
    done = sluice('dead', '--type', 'other', 'delete', '--all', server=server)
    check_equal(done.code, USAGE, f'a filter and --all: {done.out}{done.err}')
    done = sluice('dead', '--type', 'other', 'delete', server=server)
    check_equal((done.code, done.out), (OK, 'deleted 0 jobs\n'), 'deleted of another type')
    check_equal(sluice('dead', '--json', server=server).json[0]['jid'], jid, 'the dead job')


def check_config_refuses_what_serve_and_work_refuse(server):
    for setting, text in [
            ('jobs.listen=x', 'jobs.listen: "x" is not an address'),
            ('jobs.listen=0.0.0.0:7419', 'jobs.insecure = true'),
            ('http.listen=x', 'http.listen: "x" is not an address'),
            ('http.listen=0.0.0.0:7420', 'http.insecure = true'),
            ('jobs.disk_refuse_below=1GiB', 'jobs.disk_accept_above must not be below'),
            ('work.queues=a b', 'work.queues: "a b" is not a queue name'),
            ('work.http=x', 'work.http: "x" is not an address'),
            ('work.http=0.0.0.0:80', 'work.http_insecure = true')]:
        command = 'work' if setting.startswith('work.') else 'serve'
        for words in (['check-config'], [command, '--data', server.folder / 'none']
                      if command == 'serve' else [command]):
            done = sluice(*words, '--set', setting)
            check(done.code != OK and text in done.err, f'sluice {words} --set {setting}:\n'
                                                        f'{done.code} {done.err}')
    for command in ('check-config', 'serve', 'work'):
        done = sluice(command, '--config', '/nothing/here')
        check_equal(done.code, USAGE, f'{command} with a file that is not there: {done.err}')
        check('cannot read /nothing/here' in done.err, done.err)
    listen = sluice('check-config', '--http', '', '--json').json['settings']['http.listen']
    check_equal(listen['value'], '', 'no admin side')
    done = sluice('check-config', '--set', 'jobs.listen=x', '--set', 'http.listen=y')
    check_equal((done.code, done.err.count('\n')), (USAGE, 2), f'both mistakes: {done.err}')


harness.run_server_tests(every_mistake_is_explained, a_line_that_is_too_long_is_skipped,
                         options_before_the_word_count,
                         check_config_refuses_what_serve_and_work_refuse)
