#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`sluice crawl` as a user runs it, against nginx: what is fetched, what is written, what is refused,
how it stops and goes on."""

import json
import re
import signal

import limits
import made_site
import rig
import warc
from harness import check, check_equal, sluice, wait_until, run_tests

OK, FAILED, USAGE = 0, 1, 2
FAST = ('--delay', '0', '--connections-per-host', '8')


class Site(rig.Site):
    """A made-up site under nginx."""

    def __init__(self, pages=60, extra='', **files):
        def make(folder):
            self.root = folder / 'site'
            self.uris = made_site.make_site(self.root, pages) if pages else []
            self.root.mkdir(exist_ok=True)
            for name, text in files.items():
                (self.root / name.replace('__', '.')).write_text(text)
            return rig.static_site(self.root, extra)
        super().__init__('crawl', make)

    @property
    def url(self):
        return self.nginx.url

    def crawl(self, name='out'):
        return rig.Crawl(self.folder.path / name)

    def uris_of(self, crawl, status=200):
        return [page['url'].removeprefix(self.url) for page in crawl.pages()
                if page.get('status') == status]


def whole_site_is_fetched_once():
    with Site() as site:
        crawl = site.crawl().run(site.url, *FAST)
        uris = site.uris_of(crawl)
        rig.check_same_set(uris, site.uris, 'pages.jsonl')
        check_equal(len(uris), len(set(uris)), 'records without repeats')
        asked = [r.uri for r in site.nginx.requests()]
        check_equal(sorted(asked), sorted(site.uris + ['/robots.txt']), 'what nginx was asked for')
        check_equal(asked[0], '/robots.txt', 'what it was asked for first')
        check(site.nginx.requests()[0].agent.startswith('sluice/'), 'the user agent')
        check('complete after' in crawl.stdout and 'URLs seen' in crawl.stdout, crawl.stdout)
        check('60' in crawl.stdout, crawl.stdout)
        check_equal(crawl.stderr, '', 'standard error without a terminal')
        page = next(p for p in crawl.pages() if p['url'] == site.url + '/')
        check_equal((page['title'], page['type'], page['depth'], page['status']),
                    ('Page 0 of 60', 'text/html', 0, 200), 'a record')


def politeness_is_the_default():
    with Site(pages=4) as site:
        crawl = site.crawl().run(site.url, '--pages', 3)
        times = [r.began for r in site.nginx.requests()]
        check_equal(len(times), 4, 'requests')
        limits.check_rate(times, 1, late=0.5, what='a host')
        check('stopped at --pages' in crawl.stdout and '--resume' in crawl.stdout, crawl.stdout)


def events_are_json_lines():
    with Site(pages=30) as site:
        crawl = site.crawl().run(site.url, *FAST, '--json')
        events = [json.loads(line) for line in crawl.stdout.splitlines()]
        end = events[-1]
        check_equal((end['event'], end['end'], end['fetched'], end['queued'], end['adds_up'],
                     end['resumable']), ('ended', 'complete', 30, 0, True, False), 'the last event')
        check(all(e['event'] == 'progress' for e in events[:-1]), crawl.stdout)
        check_equal(end['seen'], end['fetched'] + end['redirected'] + end['failed'] +
                    end['excluded'] + end['queued'], 'the balance')
        check('pages.jsonl' in end['files'], f'files: {end["files"]}')
        quiet = site.crawl('quiet').run(site.url, *FAST, '--quiet')
        check_equal((quiet.stdout, quiet.stderr), ('', ''), 'with --quiet')


def robots_and_nofollow_are_obeyed():
    pages = {
        'index__html': '<a href="/open.html">o</a><a href="/closed/a.html">c</a>'
                       '<a rel="nofollow" href="/nofollow.html">n</a>'
                       '<a href="/closed/but/open.html">b</a>',
        'open__html': '<meta name="robots" content="nofollow"><a href="/behind.html">x</a>',
        'behind__html': '', 'nofollow__html': '', 'map__html': '',
        'robots__txt': 'User-agent: *\nDisallow: /closed/\nAllow: /closed/but/\n'
                       'Sitemap: /sitemap.xml\nUser-agent: meanbot\nDisallow: /\n',
    }
    with Site(pages=0, **pages) as site:
        (site.root / 'sitemap.xml').write_text(
            '<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">'
            f'<url><loc>{site.url}/map.html</loc></url></urlset>')
        (site.root / 'closed/but').mkdir(parents=True)
        (site.root / 'closed/a.html').write_text('')
        (site.root / 'closed/but/open.html').write_text('')
        site.crawl().run(site.url, *FAST)
        rig.check_same_set((r.uri for r in site.nginx.requests()),
                           {'/robots.txt', '/', '/open.html', '/closed/but/open.html', '/map.html',
                            '/sitemap.xml'}, 'what a polite crawler asks for')
        site.nginx.forget()
        crawl = site.crawl('mean').run(site.url, *FAST, '--user-agent', 'MeanBot/1.0', '--json')
        check_equal([r.uri for r in site.nginx.requests()], ['/robots.txt'], 'the group of its name')
        check_equal(json.loads(crawl.stdout.splitlines()[-1])['exclusions'], {'robots': 2},
                    'why: the page and the sitemap')
        site.nginx.forget()
        site.crawl('rude').run(site.url, *FAST, '--ignore-robots', '--ignore-nofollow')
        asked = {r.uri for r in site.nginx.requests()}
        check({'/closed/a.html', '/nofollow.html', '/behind.html'} <= asked, f'all of it: {asked}')


def scope_and_bounds_hold():
    with Site(pages=120) as site:
        def fetched(name, *words, end='complete'):
            crawl = site.crawl(name).run(site.url, *FAST, '--json', *words)
            last = json.loads(crawl.stdout.splitlines()[-1])
            check_equal(last['end'], end, f'the end of {words}')
            return site.uris_of(crawl), last
        uris, _ = fetched('path', '--path', '/d0/', '--include-host', 'other.test')
        check_equal(uris, [], 'a seed outside of the path')
        uris, _ = fetched('exclude', '--exclude', '/p[0-9]*[13579][.]html$')
        check(uris and all(int(re.sub(r'\D', '', u.rpartition('/p')[2]) or 0) % 2 == 0
                           for u in uris), f'even pages only: {uris[:5]}')
        uris, last = fetched('depth', '--depth', '1')
        first = {'/'} | set(re.findall(r'href=["\']([^"\'#]+)', (site.root / 'index.html').read_text()))
        rig.check_same_set(uris, first, 'the front page and its links')
        check(last['exclusions'].get('depth', 0) > 0, f'others were too deep: {last}')
        uris, last = fetched('pages', '--pages', 17, end='pages_limit')
        check_equal((len(uris), last['fetched'], last['resumable']), (17, 17, True), '--pages')
        uris, last = fetched('bytes', '--bytes', '100KiB', '--body', '20KiB', end='bytes_limit')
        check(last['bytes'] <= 100 << 10, f'--bytes: {last["bytes"]}')
        check(last['bytes'] > 50 << 10, f'and not much less: {last["bytes"]}')


def stops_and_goes_on():
    with Site(pages=100) as site:
        crawl = site.crawl()
        process = crawl.start(site.url, '--rate', 50, '--host-rate', 50, '--json')
        wait_until(lambda: site.nginx.request_count() > 10, 'some pages')
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
        check_equal(process.returncode, OK, 'the exit code')
        end = json.loads(out.splitlines()[-1])
        check_equal((end['end'], end['resumable'], end['adds_up']), ('drained', True, True), err)
        check('ending' in err, f'it says so: {err}')
        before = site.nginx.request_count()
        check(before < 100, f'it stopped: {before}')
        again = sluice('crawl', site.url, '--out', crawl.out)
        check_equal(again.code, USAGE, 'the folder without --resume')
        check('--resume' in again.err, again.err)
        crawl.run('--resume', '--host-rate', 5000, '--rate', 5000, '--json')
        end = json.loads(crawl.stdout.splitlines()[-1])
        check_equal((end['end'], end['fetched'], end['resumable']), ('complete', 100, False),
                    'the crawl that went on')
        pages = site.uris_of(crawl)
        rig.check_same_set(pages, site.uris, 'pages of both runs')
        check_equal(len(pages), 100, 'each once')
        asked = [r.uri for r in site.nginx.requests() if r.uri != '/robots.txt']
        check_equal(len(asked), 100, 'nothing was fetched twice')
        done = crawl.run('--resume', '--json')
        check_equal(json.loads(done.stdout.splitlines()[-1])['pages_run'], 0, 'nothing is left')


def rates_are_changed_while_it_runs():
    with Site() as site:
        crawl = site.crawl()

        def adjust(*words):
            return sluice('crawl', '--adjust', '--out', crawl.out, *words)
        check_equal(adjust('--delay', '0').code, USAGE, 'there is no crawl to adjust')
        process = crawl.start(site.url, '--delay', '1h')
        site.nginx.wait_for_requests(1)  # robots.txt; the first page is an hour away
        check_equal(adjust('--host-rate', '30').code, OK, 'it is told')
        site.nginx.wait_for_requests(10)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
        check_equal(process.returncode, OK, said)
        check('the rates are changed' in said, said)
        before = len(site.nginx.requests())
        crawl.run('--resume')  # by the new rate; at that of its beginning it would take days
        times = [r.began for r in site.nginx.requests()[before:]]
        limits.check_rate(times, 30, late=0.5, what='the host, resumed')
        rig.check_same_set(site.uris_of(crawl), site.uris, 'the whole site')
        wrong = adjust('--depth', '3')
        check('--adjust takes' in wrong.err and wrong.code == USAGE, wrong.err)


def second_signal_cancels():
    with Site(pages=3, extra='location / { limit_rate 100; }') as site:
        crawl = site.crawl()
        process = crawl.start(site.url, *FAST, '--ignore-robots')
        wait_until(lambda: established(site.nginx.port), 'a request')
        process.send_signal(signal.SIGTERM)
        check('ending' in process.stderr.readline(), 'it says that it waits')
        check_equal(process.poll(), None, 'and does')
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=60)
        check_equal(process.returncode, OK, f'the exit code: {err}')
        check('cancelled' in err and '--resume' in out, f'{err}\n{out}')
        check_equal(crawl.pages(), [], 'a page that was cancelled is no page')


def established(port):
    """Connections to the port that are open, as the kernel says."""
    count = 0
    with open('/proc/net/tcp', encoding='ascii') as table:
        for line in list(table)[1:]:
            fields = line.split()
            count += fields[2].endswith(f':{port:04X}') and fields[3] == '01'
    return count


def outputs_are_what_they_say():
    with Site(pages=40, extra='location = /gone { return 404; }'
                              'location = /old { return 301 /d0/p1.html; }') as site:
        (site.root / 'd0' / 'p2.html').write_text('<h1>Two</h1><b class=price>7 EUR</b>'
                                                  '<a href=/gone>g</a><a href=/old>o</a>')
        crawl = site.crawl().run(site.url, *FAST, '--warc', '--edges', '--graphml', '--report',
                                 '--extract', 'heading=css:h1', '--extract', 'price=css:.price')
        files = {path.name for path in crawl.out.iterdir() if path.is_file()}
        expected = {'pages.jsonl', 'crawl-00000.warc.gz', 'index.cdxj', 'edges.csv',
                    'graph.graphml', 'broken.csv', 'report.html'}
        check(expected <= files or {'crawl-00001.warc.gz'} <= files, f'files: {files}')
        two = next(p for p in crawl.pages() if p['url'].endswith('/d0/p2.html'))
        check_equal(two['extracted'], {'heading': 'Two', 'price': '7 EUR'}, 'what was extracted')
        records = warc.read(sorted(crawl.out.glob('crawl-*.warc.gz')))
        answers = {r.url: r for r in records if r.type in ('response', 'revisit')}
        rig.check_same_set((u.removeprefix(site.url) for u in answers),
                           {p['url'].removeprefix(site.url) for p in crawl.pages()} |
                           {'/robots.txt'}, 'records of answers')
        for line in (crawl.out / 'index.cdxj').read_text().splitlines():
            fields = json.loads(line.split(' ', 2)[2])
            record = next(r for r in records if r.offset == int(fields['offset']) and
                          r.url == fields['url'])
            check_equal(record.length, int(fields['length']), 'a length in the index')
        check('/gone' in (crawl.out / 'broken.csv').read_text(), 'the broken link')
        edges = (crawl.out / 'edges.csv').read_text().splitlines()
        check(any('/d0/p2.html' in e and '/gone' in e for e in edges), f'edges: {edges[:3]}')
        report = (crawl.out / 'report.html').read_text()
        check('<html' in report and 'src="http' not in report, 'a page in one file')


def cookies_and_conditions():
    with Site(pages=0, extra='location = /login { add_header Set-Cookie "who=me; Path=/"; '
                             'return 200 "<a href=/in>in</a>"; default_type text/html; }'
                             'location = /in { if ($http_cookie != "who=me") { return 403; } '
                             'default_type text/html; return 200 ok; }') as site:
        crawl = site.crawl().run(site.url + '/login', *FAST)
        check_equal(site.uris_of(crawl), ['/login', '/in'], 'with the cookie')
        crawl = site.crawl('without').run(site.url + '/login', *FAST, '--no-cookies')
        check_equal(site.uris_of(crawl, 403), ['/in'], 'without')


def private_addresses_are_refused():
    with Site(pages=2) as site, rig.Folder('refused') as folder:
        done = sluice('crawl', site.url, '--out', folder.path / 'out')
        check_equal(site.nginx.request_count(), 0, 'nothing was asked')
        check('--allow-net' in done.out + done.err, f'it says what to do: {done.out} {done.err}')


def explain_says_why():
    pages = {'index__html': '<a href="/a.html">a</a><a href="/closed/b.html">b</a>', 'a__html': '',
             'robots__txt': 'User-agent: *\nDisallow: /closed/\n'}
    with Site(pages=0, **pages) as site:
        crawl = site.crawl().run(site.url, *FAST)
        def explain(url):
            return crawl.run('--explain', url).stdout
        text = explain(site.url + '/closed/b.html')
        check('line 2' in text and 'Disallow: /closed/' in text, text)
        check('fetched' in explain(site.url + '/a.html'), explain(site.url + '/a.html'))
        check('not found so far; it would be fetched' in explain(site.url + '/new.html'),
              explain(site.url + '/new.html'))
        text = explain('http://elsewhere.test/')
        check('would not be fetched' in text and 'scope' in text, text)
        before = site.nginx.request_count()
        explain(site.url + '/new.html')
        check_equal(site.nginx.request_count(), before, 'it fetches nothing')


def wrong_usage_is_explained():
    with rig.Folder('usage') as folder:
        out = folder.path / 'out'
        for words, part in ((('--out', out), 'no URL to begin with'),
                            (('http://a.test/',), '--out'),
                            (('http://a.test/', '--out', out, '--pages', 'x'), '--pages'),
                            (('http://a.test/', '--out', out, '--no-such'), '--no-such'),
                            (('--resume', '--out', out), 'no crawl'),
                            (('ftp://a.test/', '--out', out), 'ftp://a.test/')):
            done = sluice('crawl', *words)
            check_equal(done.code, USAGE, f'exit code of {words}: {done.err}')
            check(part in done.err, f'{words}: {done.err}')
        check('Examples' in sluice('crawl', '--help').out, 'the help has examples')
        check('--host-rate' in sluice('completion', 'bash').out, 'the completion knows the flags')


if __name__ == '__main__':
    rig.needs(('nginx-light', rig.NGINX))
    run_tests(whole_site_is_fetched_once, politeness_is_the_default, events_are_json_lines,
                  robots_and_nofollow_are_obeyed, scope_and_bounds_hold, stops_and_goes_on,
                  rates_are_changed_while_it_runs, second_signal_cancels,
                  outputs_are_what_they_say, cookies_and_conditions,
                  private_addresses_are_refused, explain_says_why, wrong_usage_is_explained)
