#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The programs of docs/sdk.md, taken from the very text of the page: built against the installed SDK
as the page says, and run against a real server."""

import json
import pathlib
import re
import shutil
import tempfile

import project
from harness import ROOT, check, check_equal, connect, run_server_tests

PAGE = ROOT / 'docs' / 'sdk.md'


def blocks():
    """Every block of code that has a file name behind its language."""
    found = re.findall(r'^```\w+ (\S+)\n(.*?)^```$', PAGE.read_text(encoding='utf-8'),
                       re.MULTILINE | re.DOTALL)
    check_equal(len({name for name, _ in found}), len(found), 'blocks with a name of their own')
    return dict(found)


def lines_of(text):
    return [line for line in text.splitlines() if line.strip()]


def the_programs_of_the_page_do_what_it_says(server):
    files = blocks()
    # The page promises a worker of 20 lines and a producer of 10.
    check(len(lines_of(files['worker.cpp'])) <= 20, 'the worker has more than 20 lines')
    check(len(lines_of(files['producer.cpp'])) <= 10, 'the producer has more than 10 lines')
    folder = pathlib.Path(tempfile.mkdtemp(prefix='sluice-docs-'))
    try:
        prefix = project.install(folder)
        source = folder / 'project'
        source.mkdir()
        for name, text in files.items():
            (source / name).write_text(text, encoding='utf-8')
        built = project.build(source, prefix)
        project.run(server, built / 'thumbs_test')
        server.start()
        greets(server, built)
        makes_thumbnails(server, built, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def greets(server, built):
    worker = project.Process(server, built / 'worker', name='worker')
    try:
        check_equal(project.run(server, built / 'producer'), '"hello harbour"\n', 'the result')
        worker.stop()
    finally:
        worker.close()


def makes_thumbnails(server, built, folder):
    trace = '0af7651916cd43dd8448eb211c80319c'
    worker = project.Process(server, built / 'thumbs', folder=folder, name='thumbs')
    wire = connect(server, x=1)
    try:
        for jid, args in (('good-one', ['a.png', {'width': 80}]), ('bad-one.', ['a.png', 0])):
            pushed = wire.call('PUSH', {
                'jid': jid, 'jobtype': 'picture.thumbnail', 'queue': 'pictures', 'args': args,
                'custom': {'traceparent': f'00-{trace}-b7ad6b7169203331-01'}})
            check_equal(pushed, '+OK', 'the push')
        done = wire.call_json('WAIT', {'jids': ['good-one', 'bad-one.'], 'timeout_ms': 60_000})
        good, bad = done['jobs']
        check_equal(good['result'], {'file': 'a.png.jpg', 'pixels': 6400}, 'the result')
        check_equal(bad['state'], 'dead', 'a job with a wrong argument')
        check_equal(bad['error'], {'errtype': 'InvalidArguments', 'message':
                                   '`width` must be a whole number from 1 to 10000'}, 'its error')
        said = worker.stop()
    finally:
        wire.close()
        worker.close()
    check('picture.thumbnail good-one succeeded in' in said, f'no log line: {said}')
    check('SL201 invalid_arguments' in said, f'no error code in the log: {said}')
    check('sluice_job_runs_total{type="picture.thumbnail",outcome="succeeded"} 1' in said,
          f'no metrics: {said}')
    spans = [json.loads(line)['resourceSpans'][0]['scopeSpans'][0]['spans'][0]
             for line in (folder / 'spans.jsonl').read_text().splitlines()]
    check_equal({span['traceId'] for span in spans}, {trace}, 'the trace of all spans')
    by_name = {(span['name'], span['status']['code']): span for span in spans}
    outer, inner = by_name['process picture.thumbnail', 1], by_name['shrink', 1]
    check_equal(outer['parentSpanId'], 'b7ad6b7169203331', 'whose child the worker\'s span is')
    check_equal(inner['parentSpanId'], outer['spanId'], 'whose child the handler\'s span is')
    check(('process picture.thumbnail', 2) in by_name, 'the failed job\'s span says so')


run_server_tests(the_programs_of_the_page_do_what_it_says)
