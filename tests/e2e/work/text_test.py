#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""text.markdown, json.to_csv, csv.to_json, math.next_prime and math.stats through a real server and
worker; results compared with Python's modules."""

import csv
import hashlib
import html.parser
import json
import math
import statistics
import time

import rig
from harness import run_tests, wait_until
from rig import DATA, check, check_equal

EVENTS = 'logs/events.jsonl'


class Tags(html.parser.HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.found, self.targets = set(), []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.found.add(tag)
        self.targets += [value for name, value in attributes if name in ('href', 'src')]


def markdown_is_a_safe_page():
    with rig.Station() as station:
        done = station.run('text.markdown', 'texts/logbook.md', 'logbook.html')
        text = (station.out / 'logbook.html').read_text()
        check_equal(done['output_bytes'], len(text.encode()), 'bytes')
        tags = Tags(text)
        check({'html', 'title', 'h1', 'table', 'del', 'input', 'strong'} <= tags.found, tags.found)
        check('script' not in tags.found, 'a script')
        check_equal([url for url in tags.targets if url and not url.startswith('https:')], [],
                    'addresses')


def hostile_markdown_holds_nobody_up():
    """Texts that the library takes minutes for: others are converted meanwhile, and a cancel ends it."""
    with rig.Station(concurrency=2) as station:
        (station.out / 'images.md').write_text('![[]()' * 170_000)
        (station.out / 'links.md').write_text('a.a@b.' * 170_000)
        done = station.run('text.markdown', 'texts/logbook.md', 'logbook.html')
        check_equal(done['bare_links'], True, 'links of an ordinary text')
        check_equal(station.run('text.markdown', 'links.md')['bare_links'], False, 'costly links')
        hostile = station.push('text.markdown', 'images.md')
        wait_until(lambda: station.job(hostile)['state'] == 'running', 'it runs')
        began = time.monotonic()
        station.run('text.markdown', 'texts/logbook.md', 'again.html')
        check_equal(station.job(hostile)['state'], 'running', 'the hostile one meanwhile')
        check_equal(station.sluice('cancel', hostile).code, 0, 'the cancel')
        wait_until(lambda: station.job(hostile)['state'] != 'running', 'its end')
        check_equal(station.job(hostile)['state'], 'cancelled', 'how it ended')
        check(time.monotonic() - began < 20, 'the cancel waited for the conversion')
        check(not (station.out / 'images.md.html').exists(), 'an output')


def texts_change_encoding_case_and_line_ends():
    """Compared with Python's codecs."""
    rows = [('latin1-letter.txt', {'from': 'ISO-8859-1', 'line_endings': 'crlf'},
             'latin-1', 'utf-8', lambda text: text.replace('\r\n', '\n').replace('\n', '\r\n')),
            ('snow-koi8r.txt', {'from': 'KOI8-R', 'case': 'upper'}, 'koi8_r', 'utf-8', str.upper),
            ('geduld-utf16.txt', {'from': 'UTF-16'}, 'utf-16', 'utf-8', str),
            ('orchard-crlf.txt', {'line_endings': 'lf', 'case': 'lower', 'to': 'UTF-16LE'}, 'ascii',
             'utf-16-le',
             lambda text: text.replace('\r\n', '\n').lower())]
    with rig.Station() as station:
        for name, options, source, target, change in rows:
            done = station.run('text.convert', f'texts/{name}', f'made/{name}', options)
            text = (DATA / 'texts' / name).read_bytes().decode(source)
            made = (station.out / 'made' / name).read_bytes()
            check_equal(made, change(text).encode(target), name)
            check_equal((done['bytes'], done['replaced']), (len(made), 0), f'result of {name}')
            check_equal(done['sha256'], hashlib.sha256(made).hexdigest(), f'digest of {name}')
        failure = station.fail('text.convert', 'texts/greek.txt', 'greek.txt', {'to': 'ISO-8859-1'})
        check(failure.final and failure.errtype == 'InvalidInput', failure)


def tables_and_objects():
    with rig.Station() as station:
        lines = [json.loads(line) for line in (DATA / EVENTS).read_text().splitlines()]
        done = station.run('json.to_csv', EVENTS, 'events.csv')
        with open(station.out / 'events.csv', newline='') as file:
            rows = list(csv.DictReader(file))
        check_equal((done['rows'], len(rows)), (len(lines), len(lines)), 'rows')
        for row, line in zip(rows, lines):
            check_equal((int(row['id']), row['at.city'], float(row['weight']),
                         json.loads(row['tags']), row['note'] or None),
                        (line['id'], line['at']['city'], line['weight'], line['tags'],
                         line.get('note') or None), 'a row')
        station.run('csv.to_json', 'events.csv', 'back.json', {'form': 'array', 'nested': True})
        back = json.loads((station.out / 'back.json').read_text())
        for one, line in zip(back, lines):
            line.setdefault('note', None)
            one['tags'] = json.loads(one['tags'])
            check_equal(one, line, 'an object')
        station.run('csv.to_json', 'tables/orders.csv', 'orders.jsonl', {'types': False})
        with open(DATA / 'tables/orders.csv', newline='') as file:
            orders = list(csv.DictReader(file))
        mine = [json.loads(line) for line in (station.out / 'orders.jsonl').read_text().splitlines()]
        check_equal([{name: value or '' for name, value in row.items()} for row in mine], orders,
                    'orders')
        failure = station.fail('csv.to_json', 'tables/ragged.csv', 'ragged.json')
        check(failure.final and 'line 3' in failure.message, failure)


def numbers_are_described():
    with rig.Station() as station:
        with open(DATA / 'tables/sensors.csv', newline='') as file:
            numbers = [float(row['temperature']) for row in csv.DictReader(file)
                       if row['temperature']]
        done = station.run('math.stats', {'path': 'tables/sensors.csv', 'column': 'temperature',
                                          'quantiles': [0.25, 0.5, 0.75], 'bins': 10})
        check_equal((done['count'], done['sum'], done['min'], done['max']),
                    (len(numbers), math.fsum(numbers), min(numbers), max(numbers)), 'numbers')
        check(math.isclose(done['mean'], statistics.fmean(numbers), rel_tol=1e-15), 'mean')
        check(math.isclose(done['variance'], statistics.variance(numbers), rel_tol=1e-12),
              'variance')
        quartiles = statistics.quantiles(numbers, n=4, method='inclusive')
        for mine, other in zip(done['quantiles'], quartiles):
            check(math.isclose(mine['value'], other, rel_tol=1e-12), f'{mine} {other}')
        check_equal(sum(bin['count'] for bin in done['histogram']), len(numbers), 'histogram')


def primes_next_to_a_number():
    with rig.Station() as station:
        done = station.run('math.next_prime', 10**15, {'count': 2})
        check_equal(done['primes'], [10**15 + 37, 10**15 + 91], 'primes above 10^15')
        failure = station.fail('math.next_prime', 'many')
        check(failure.final and '`n`' in failure.message, failure)


if __name__ == '__main__':
    run_tests(markdown_is_a_safe_page, hostile_markdown_holds_nobody_up,
              texts_change_encoding_case_and_line_ends, tables_and_objects, numbers_are_described,
              primes_next_to_a_number)
