#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The crawler's output files as other people's programs read them: the npm package warcio, Python's
gzip, json and csv, xmllint. The files come from a made-up crawl that crashes now and then."""

import csv
import gzip
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import zlib

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import harness  # noqa: E402
from harness import check, check_equal  # noqa: E402

NODE = harness.BIN.parent / 'warc-check'
SEED = 20261121


def members(data):
    """(offset, length, content) of each gzip member; raises where one is torn."""
    at = 0
    while at < len(data):
        member = zlib.decompressobj(wbits=31)
        content = member.decompress(data[at:]) + member.flush()
        check(member.eof, f'a torn member at {at}')
        length = len(data) - at - len(member.unused_data)
        yield at, length, content
        at += length


def check_records(records, pages):
    ids = {record['id'] for record in records}
    check_equal(len(ids), len(records), 'record ids that are unique')
    payloads = {}
    counts = {}
    for record in records:
        counts[record['type']] = counts.get(record['type'], 0) + 1
        check_equal(record['version'], 'WARC/1.1', 'version')
        if record['concurrent']:
            check(record['concurrent'] in ids, f'{record["concurrent"]} is no record')
        if record['type'] == 'response':
            check_equal(record['digest'], record['sha256'], f'payload of {record["url"]}')
            check_equal(int(record['http']['content-length']), record['length'], 'Content-Length')
            check('transfer-encoding' not in record['http'], 'the transfer coding is gone')
            payloads[record['url'], record['date']] = record['digest']
        if record['type'] == 'request':
            check('authorization' not in record['http'], 'a password in the archive')
        if record['type'] == 'revisit' and record['profile'].endswith('identical-payload-digest'):
            # Never before what it refers to.
            check_equal(payloads.get(tuple(record['refers'])), record['digest'], 'what is revisited')
    answered = [page['url'] for page in pages if page.get('status')]
    digests = {r['url']: r['digest'] for r in records if r['digest']}
    for page in pages:
        if page.get('status', 304) != 304:
            check_equal(page.get('digest'), digests[page['url']], f'digest of {page["url"]}')
    archived = [r['url'] for r in records if r['type'] in ('response', 'revisit')]
    check_equal(sorted(archived), sorted(answered), 'pages in the archive')
    check_equal(counts['request'], len(answered), 'requests')
    check(counts['revisit'] > 20, f'revisits: {counts}')
    check(any(r['truncated'] == 'length' for r in records), 'a cut page')
    return counts


def check_index(folder, theirs):
    lines = (folder / 'index.cdxj').read_text().splitlines()
    check_equal(lines, sorted(lines, key=str.encode), 'the order of the index')
    ours = {}
    for line in lines:
        surt, time, fields = line.split(' ', 2)
        fields = json.loads(fields)
        ours[fields['filename'], int(fields['offset'])] = (surt, time, fields)
    check_equal(len(ours), len(theirs), 'index lines')
    for line in theirs:
        surt, time, fields = ours[line['filename'], int(line['offset'])]
        check_equal(surt, line['urlkey'].rstrip('/') if line['urlkey'].count('/') > 1
                    else line['urlkey'], 'SURT')
        check_equal(time, line['timestamp'], 'timestamp')
        check_equal(int(fields['length']), int(line['length']), 'length')
        for name in ('url', 'mime', 'status'):
            if name in line:
                check_equal(str(fields[name]), str(line[name]), f'{name} of {fields["url"]}')
        if 'digest' in line:
            check_equal(fields['digest'].removeprefix('sha256:'), line['digest'], 'digest')
    some = list(ours.values())[len(ours) // 2][2]
    begin, length = int(some['offset']), int(some['length'])
    record = gzip.decompress((folder / some['filename']).read_bytes()[begin:begin + length])
    check(f'WARC-Target-URI: {some["url"]}\r\n'.encode() in record, 'the record of an index line')


def check_tables(folder, pages, failed):
    with open(folder / 'edges.csv', newline='') as file:
        edges = list(csv.DictReader(file))
    check_equal(list(edges[0]), ['from', 'to', 'kind', 'nofollow'], 'the head of edges.csv')
    urls = {page['url'] for page in pages}
    check(all(edge['from'] in urls for edge in edges), 'edges come from pages')
    with open(folder / 'broken.csv', newline='') as file:
        broken = list(csv.DictReader(file))
    check_equal(len(broken), failed, 'broken links')
    for row in broken:
        to_it = {edge['from'] for edge in edges if edge['to'] == row['url']}
        check_equal(int(row['referrers']), len(to_it), f'pages that link to {row["url"]}')
        named = row['first_referrers'].split()
        check(set(named) <= to_it and len(named) == min(len(to_it), 10), 'named referrers')
    return edges


def check_graph(folder, pages, edges):
    if not shutil.which('xmllint'):
        harness.leave_out('graph.graphml is not looked at: xmllint is not installed')
        return
    graph = str(folder / 'graph.graphml')
    for path, expected in (('count(//*[local-name()="edge"])', len(edges)),
                           ('count(//*[local-name()="node"])',
                            len({p['url'] for p in pages} | {e['to'] for e in edges})),
                           ('count(//*[local-name()="data"][@key="title"])',
                            len([p for p in pages if p.get('title')]))):
        done = subprocess.run(['xmllint', '--huge', '--xpath', path, graph], text=True,
                              capture_output=True)
        check_equal((done.returncode, done.stdout.strip()), (0, str(expected)),
                    f'xmllint {path}: {done.stderr[:300]}')


def main():
    harness.npm_install(HERE, NODE, 'check.js')
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        done = subprocess.run([harness.BIN / 'crawl_output_sample', folder, str(SEED)], text=True,
                              capture_output=True)
        check_equal(done.returncode, 0, f'the sample: {done.stderr}')
        sample = json.loads(done.stdout)
        pages = [json.loads(line) for line in (folder / 'pages.jsonl').read_text().splitlines()]
        check_equal(len(pages), sample['pages'], 'pages')
        check_equal(len({page['url'] for page in pages}), len(pages), 'pages that are there once')

        warcs = sorted(folder.glob('crawl-*.warc.gz'))
        check(len(warcs) > 1, 'more than one WARC file')
        total = 0
        for warc in warcs:
            check(warc.stat().st_size <= 1 << 20, f'{warc.name} is within its limit')
            for _, _, content in members(warc.read_bytes()):
                check(content.startswith(b'WARC/1.1\r\n') and content.endswith(b'\r\n\r\n'),
                      'one record a member')
                total += 1
        done = subprocess.run(['node', 'check.js', *warcs], cwd=NODE, text=True, capture_output=True,
                              timeout=300)
        check_equal((done.returncode, done.stderr), (0, ''), 'warcio')
        read = json.loads(done.stdout)
        check_equal(len(read['records']), total, 'records that warcio reads')
        counts = check_records(read['records'], pages)
        check_equal(counts['warcinfo'], len(warcs), 'warcinfo records')
        check_index(folder, read['index'])
        edges = check_tables(folder, pages, sample['failed'])
        check_graph(folder, pages, edges)
        print(f'{len(pages)} pages, {total} records in {len(warcs)} files, {len(edges)} edges')


if __name__ == '__main__':
    harness.run_one(main)
