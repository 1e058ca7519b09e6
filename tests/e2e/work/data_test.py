#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""csv.*, log.analyze and report.render through a real server and worker; what they calculate is
calculated again with Python's csv and statistics."""

import collections
import csv
import gzip
import html.parser
import itertools
import json
import re
import statistics
import subprocess

import rig
from harness import run_tests
from rig import DATA, check, check_equal

NULLS = {'', 'NULL', 'null', 'NA', 'N/A', r'\N'}


def table(path):
    with open(path, newline='', encoding='utf-8') as file:
        return list(csv.DictReader(file))


def orders():
    return table(DATA / 'tables/orders.csv')


def near(got, wanted, what):
    check(abs(float(got) - wanted) <= 1e-9 * max(1, abs(wanted)), f'{what}: {got}, not {wanted}')


def numbers_of(rows, column):
    return [float(row[column]) for row in rows if row[column] not in NULLS]


def profile():
    rows = orders()
    with rig.Station() as station:
        got = station.run('csv.stats', 'tables/orders.csv', {'top': 3})
        check_equal((got['rows'], got['column_count']), (len(rows), 9), 'size')
        price = got['columns'][6]
        prices = numbers_of(rows, 'price')
        check_equal((price['type'], price['values'], price['nulls']),
                    ('number', len(prices), len(rows) - len(prices)), 'price')
        near(price['mean'], statistics.fmean(prices), 'mean')
        near(price['deviation'], statistics.pstdev(prices), 'deviation')
        city = got['columns'][3]
        count = collections.Counter(row['city'] for row in rows)
        check_equal([(entry['value'], entry['count']) for entry in city['top']],
                    sorted(count.items(), key=lambda item: (-item[1], item[0].encode()))[:3], 'top')
        check_equal(city['distinct'], len(count), 'distinct')
        # More values than are kept: the answer's rank must be within the stated error.
        ordered = sorted(prices)
        for name, share in (('p5', .05), ('p50', .5), ('p99', .99)):
            value = price['quantiles'][name]
            slack = 2 * price['quantile_rank_error'] + 1 / len(ordered)
            low = sum(1 for p in ordered if p < value) / len(ordered)
            high = sum(1 for p in ordered if p <= value) / len(ordered)
            check(low - slack <= share <= high + slack, f'{name}: {value} has rank {low}..{high}')
        exact = station.run('csv.stats', 'archive/orders-2025.csv.gz')['columns'][6]
        text = gzip.decompress((DATA / 'archive/orders-2025.csv.gz').read_bytes()).decode()
        prices = numbers_of(list(csv.DictReader(text.splitlines())), 'price')
        near(exact['quantiles']['p25'], statistics.quantiles(prices, n=4, method='inclusive')[0],
             'exact p25 of a gzip file')


def choosing():
    rows = orders()
    with rig.Station() as station:
        got = station.run('csv.filter', 'tables/orders.csv', 'some.csv',
                          {'where': ['quantity >= 10', 'city in Oslo, Lisboa, Nantes', 'note is null'],
                           'columns': ['item', 'order_id'], 'rename': {'order_id': 'order'}})
        wanted = [{'item': row['item'], 'order': row['order_id']} for row in rows
                  if int(row['quantity']) >= 10 and row['city'] in ('Oslo', 'Lisboa', 'Nantes')
                  and row['note'] in NULLS]
        check_equal(table(station.out / 'some.csv'), wanted, 'filtered')
        check_equal((got['rows'], got['matched']), (len(rows), len(wanted)), 'counts')
        station.run('csv.filter', 'tables/orders.csv', 'two.csv',
                    {'where': ['note ~ ^Write', 'quantity < 3'], 'match': 'any', 'limit': 2})
        check_equal(len(table(station.out / 'two.csv')), 2, 'limited')
        for arguments, said in (({'where': 'prize > 1'}, 'did you mean "price"'),
                                ({'where': 'item ~ ('}, 'is no pattern'),
                                ({'where': 'nothing'}, 'no operator')):
            failure = station.fail('csv.filter', 'tables/orders.csv', 'x.csv', arguments)
            check(failure.final and said in failure.message, failure)
        failure = station.fail('csv.filter', 'tables/broken-quotes.csv', 'x.csv')
        check('opened at line 2' in failure.message, failure)
        check(not (station.out / 'x.csv').exists(), 'an output of a failed job')


def sorting():
    rows = orders()
    with rig.Station() as station:
        station.run('csv.sort', 'tables/orders.csv', 'sorted.csv',
                    {'by': ['city', 'price:number:descending']})

        def key(row):
            null = row['price'] in NULLS
            return row['city'].encode(), null, 0 if null else -float(row['price'])
        check_equal(table(station.out / 'sorted.csv'), sorted(rows, key=key), 'sorted')


def larger_than_memory():
    """About 130 MB, of which 64 MiB are held: runs are written aside, and nothing of them is left."""
    lines = (DATA / 'tables/orders.csv').read_bytes().split(b'\n', 1)
    with rig.Station() as station:
        big = station.out / 'big.csv'
        with open(big, 'wb') as file:
            file.write(lines[0] + b'\n')
            for _ in range(330):
                file.write(lines[1])
        got = station.run('csv.sort', 'big.csv', 'big-sorted.csv', {'by': 'order_id:number:descending'},
                          seconds=300)
        check(got['runs'] > 1 and got['spilled_bytes'] > 0, got)
        check_equal(got['rows'], 330 * len(orders()), 'rows')
        last = 10**9
        # Records, not lines: notes have line breaks in quotes.
        with open(station.out / 'big-sorted.csv', newline='', encoding='utf-8') as file:
            for row in itertools.islice(csv.reader(file), 1, None):
                number = int(row[0])
                check(number <= last, f'{number} after {last}')
                last = number
        check_equal(sorted(path.name for path in station.out.iterdir()),
                    ['big-sorted.csv', 'big.csv'], 'what is left')
        big.unlink()


def grouping():
    rows = orders()
    with rig.Station() as station:
        got = station.run('csv.aggregate', 'tables/orders.csv', 'cities.csv',
                          {'by': ['city', 'paid'],
                           'compute': ['n=count', 'sum(quantity)', 'mean(price)', 'min(day)',
                                       'max(price)', 'distinct(customer)', 'median(price)']})
        groups = {}
        for row in rows:
            groups.setdefault((row['city'], row['paid']), []).append(row)
        out = table(station.out / 'cities.csv')
        check_equal([(row['city'], row['paid']) for row in out], list(groups), 'order of groups')
        check_equal(got['groups'], len(groups), 'groups')
        for row, members in zip(out, groups.values()):
            prices = numbers_of(members, 'price')
            check_equal(int(row['n']), len(members), 'count')
            check_equal(int(row['sum(quantity)']), sum(int(m['quantity']) for m in members), 'sum')
            near(row['mean(price)'], statistics.fmean(prices), 'mean')
            near(row['max(price)'], max(prices), 'max')
            near(row['median(price)'], statistics.median(prices), 'median')
            check_equal(row['min(day)'], min(m['day'] for m in members), 'min')
            check_equal(int(row['distinct(customer)']), len({m['customer'] for m in members}),
                        'distinct')


def joining():
    rows = orders()
    cities = {row['city']: row for row in table(DATA / 'tables/cities.csv')}
    with rig.Station() as station:
        for kind in ('inner', 'left', 'anti'):
            got = station.run('csv.join', 'tables/orders.csv', 'tables/cities.csv', 'joined.csv',
                              {'on': 'city', 'kind': kind})
            wanted = []
            for row in rows:
                partner = cities.get(row['city'])
                if kind == 'anti':
                    wanted += [] if partner else [row]
                elif partner:
                    wanted.append({**row, **partner})
                elif kind == 'left':
                    wanted.append({**row, 'country': '', 'people': ''})
            check_equal(table(station.out / 'joined.csv'), wanted, kind)
            check_equal(got['matched'], sum(row['city'] in cities for row in rows), 'matched')


def with_miller():
    """The same of another program."""
    (mlr,) = rig.needs('mlr')
    with rig.Station() as station:
        station.run('csv.aggregate', 'tables/orders.csv', 'a.csv',
                    {'by': 'item', 'compute': ['quantity_count=count(quantity)',
                                               'quantity_sum=sum(quantity)']})
        said = subprocess.run([mlr, '--csv', 'stats1', '-a', 'count,sum', '-f', 'quantity', '-g',
                               'item', DATA / 'tables/orders.csv'], capture_output=True, check=True)
        check_equal(table(station.out / 'a.csv'),
                    list(csv.DictReader(said.stdout.decode().splitlines())), 'mlr stats1')


def access_logs():
    line_form = re.compile(r'(\S+) \S+ \S+ \[([^]]+)\] "(\S+) (\S+) [^"]*" (\d+) (\d+|-) "([^"]*)" '
                           r'"([^"]*)"(?: ([\d.]+))?$')
    text = gzip.decompress((DATA / 'logs/timed.log.gz').read_bytes()).decode()
    lines = [line_form.match(line).groups() for line in text.splitlines()]
    with rig.Station() as station:
        got = station.run('log.analyze', 'logs/timed.log.gz', {'top': 5, 'step': 'hour'})
        check_equal((got['format'], got['lines'], got['unparsed']), ('combined', len(lines), 0), 'lines')
        check_equal(got['bytes'], sum(int(line[5]) for line in lines if line[5] != '-'), 'bytes')
        classes = collections.Counter(line[4][0] + 'xx' for line in lines)
        check_equal(got['status'], dict(sorted(classes.items())), 'status')
        paths = collections.Counter(line[3].split('?')[0] for line in lines)
        check_equal([(e['value'], e['count']) for e in got['top']['paths']],
                    sorted(paths.items(), key=lambda item: (-item[1], item[0]))[:5], 'paths')
        times = [float(line[8]) for line in lines]
        near(got['latency']['p95'],
             statistics.quantiles(times, n=20, method='inclusive')[18], 'p95')
        near(got['latency']['max'], max(times), 'slowest')
        hours = collections.Counter(line[1][:14] for line in lines)
        check_equal([p['lines'] for p in got['series']['points']],
                    [hours[hour] for hour in sorted(hours)], 'requests an hour')
        some = station.run('log.analyze', 'logs/timed.log.gz',
                           {'from': '2026-07-16T06:00:00Z', 'until': '2026-07-16T12:00:00Z'})
        check_equal(some['counted'], sum('06' <= line[1][12:14] < '12' for line in lines), 'filtered')


def other_logs():
    with rig.Station() as station:
        objects = []
        for line in (DATA / 'logs/service.jsonl').read_text().splitlines():
            try:
                objects.append(json.loads(line))
            except ValueError:
                pass
        got = station.run('log.analyze', 'logs/service.jsonl', {'output': 'service.json'})
        check_equal((got['format'], got['counted'], got['unparsed']), ('json', len(objects), 1), 'json')
        check_equal(got['unparsed_examples'][0]['text'], '-- the log was rotated --', 'example')
        check_equal(got['errors'], sum(o['level'] == 'error' for o in objects), 'errors')
        near(got['latency']['p50'], statistics.median(o['duration_ms'] for o in objects) / 1000, 'p50')
        kinds = {entry['value'] for entry in got['top']['errors']}
        check('HTTP 500: disk # is full' in kinds, kinds)
        check_equal(json.loads((station.out / 'service.json').read_text()), got, 'the file')
        renamed = station.run('log.analyze', 'logs/service.jsonl',
                              {'format': 'json', 'members': {'latency': 'bytes', 'time': 'none'}})
        near(renamed['latency']['max'], max(o['bytes'] for o in objects), 'a member of one\'s own')
        check_equal(renamed['first'], None, 'no times')
        got = station.run('log.analyze', 'logs/worker.logfmt')
        check_equal((got['format'], got['counted'], got['unparsed']), ('logfmt', 700, 1), 'logfmt')
        got = station.run('log.analyze', 'logs/machines.syslog')
        check_equal((got['format'], got['counted'], got['unparsed']), ('syslog', 600, 0), 'syslog')
        text = (DATA / 'logs/machines.syslog').read_text()
        check_equal(got['errors'], len(re.findall(r'^<27>', text, re.M)), 'errors of syslog')
        failure = station.fail('log.analyze', 'logs/access.log', {'from': 'yesterday'})
        check(failure.final and '`from`' in failure.message, failure)


class Page(html.parser.HTMLParser):
    """What a page is made of; the parser of the standard library is strict about nothing, so what
    is opened and never closed is counted here."""

    def __init__(self, text):
        super().__init__()
        self.tags = collections.Counter()
        self.open = []
        self.addresses = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags[tag] += 1
        self.addresses += [value for name, value in attrs if name in ('src', 'href')]
        if tag not in ('meta', 'rect', 'line', 'path'):
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag in ('rect',):
            return
        check(self.open and self.open[-1] == tag, f'</{tag}> inside {self.open}')
        self.open.pop()

    def handle_startendtag(self, tag, attrs):
        self.tags[tag] += 1


REPORT = [
    {'heading': 'What this is', 'text': 'Orders of one year.\n\n<b>Nothing</b> here is markup & more.'},
    {'kind': 'bar', 'heading': 'Orders by city', 'data': 'tables/orders.csv', 'x': 'city',
     'aggregate': 'count', 'order': 'value'},
    {'kind': 'bar', 'heading': 'Price and quantity by item', 'data': 'tables/orders.csv', 'x': 'item',
     'y': ['price', 'quantity'], 'aggregate': 'mean'},
    {'kind': 'line', 'heading': 'Requests and errors', 'data': 'log.json', 'at': '/series/points',
     'x': 'time', 'y': ['lines', 'errors']},
    {'kind': 'histogram', 'heading': 'Prices', 'data': 'tables/orders.csv', 'column': 'price'},
    {'kind': 'table', 'heading': 'Most frequent paths', 'data': 'log.json', 'at': '/top/paths'},
    {'kind': 'table', 'heading': 'The first orders', 'data': 'tables/orders.csv', 'limit': 30}]


def reports():
    with rig.Station() as station:
        station.run('log.analyze', 'logs/access.log', {'output': 'log.json', 'step': 'hour'})
        got = station.run('report.render', 'report.html', 'Orders & <requests>', {'sections': REPORT})
        check_equal((got['format'], got['charts'], got['tables']), ('html', 4, 2), 'parts')
        text = (station.out / 'report.html').read_text()
        page = Page(text)
        check_equal((page.open, page.addresses, page.tags['script']), ([], [], 0), 'the page')
        check_equal(page.tags['svg'], 4, 'pictures')
        check('&lt;b&gt;Nothing' in text and '<b>' not in text, 'what is escaped')
        station.run('report.render', 'again.html', 'Orders & <requests>', {'sections': REPORT})
        check_equal((station.out / 'again.html').read_text(), text, 'a second time')
        for sections, said in (([{'kind': 'pie'}], '`kind` must be one of'),
                               ([{'kind': 'table', 'data': 'tables/orders.csv', 'columns': ['prize']}],
                                'did you mean "price"'),
                               ([{'kind': 'table', 'data': '../x.csv'}], '`..`'),
                               ([{'kind': 'table', 'data': 'log.json', 'at': '/nothing'}],
                                'there is nothing at')):
            failure = station.fail('report.render', 'x.html', 'T', {'sections': sections})
            check(said in failure.message, failure)


def report_as_pdf():
    _, pdftotext = rig.needs('weasyprint', 'pdftotext')
    with rig.Station() as station:
        station.run('log.analyze', 'logs/access.log', {'output': 'log.json', 'step': 'hour'})
        got = station.run('report.render', 'report.pdf', 'Orders', {'sections': REPORT}, seconds=200)
        data = (station.out / 'report.pdf').read_bytes()
        check(data.startswith(b'%PDF-') and data.rstrip().endswith(b'%%EOF'), 'a PDF')
        check_equal(got['output_bytes'], len(data), 'bytes')
        said = subprocess.run([pdftotext, '-layout', station.out / 'report.pdf', '-'],
                              capture_output=True, check=True).stdout.decode()
        for word in ('Orders by city', 'Aberdeen', 'Most frequent paths', 'Nothing'):
            check(word in said, f'{word} is not in the PDF')


if __name__ == '__main__':
    run_tests(profile, choosing, sorting, larger_than_memory, grouping, joining, with_miller,
              access_logs, other_logs, reports, report_as_pdf)
