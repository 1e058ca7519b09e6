#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""text.markdown, json.to_csv, csv.to_json, math.next_prime and math.stats through a real server and
worker; results compared with Python's modules."""

import csv
import html.parser
import json
import math
import statistics

import rig
from harness import run_tests
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
    run_tests(markdown_is_a_safe_page, tables_and_objects, numbers_are_described,
              primes_next_to_a_number)
