#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""./dev bench crawl: `sluice crawl` beside wget2, httrack and scrapy on the same made-up site, in one
run. nginx serves it from one core, the crawler has another one; politeness is off for all, nobody
reads robots.txt. wrk says what this nginx can do at most, and what a page costs a client that only
asks for it and throws it away. The crawlers take turns; each writes what
it fetches to disk as it does by default (sluice: its durable frontier and pages.jsonl).

Usage: compare.py [--pages N] [--rounds N] [--slow-rounds N] [--only NAME,…] [--cores SERVER,CRAWLER]
       [--folder FOLDER]

apt-get install wget2 httrack python3-scrapy wrk; those that are not installed are left out."""

import argparse
import os
import pathlib
import re
import select
import shutil
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[3]
os.environ.setdefault('SLUICE_BIN', str(ROOT / 'build/release/bin'))
sys.path.insert(0, str(ROOT / 'tests/e2e/crawl'))
import made_site  # noqa: E402
import rig  # noqa: E402

SPIDER = '''
import scrapy
from scrapy.linkextractors import LinkExtractor

class Whole(scrapy.Spider):
    name = "whole"
    custom_settings = {"CONCURRENT_REQUESTS": 64, "CONCURRENT_REQUESTS_PER_DOMAIN": 64,
                       "ROBOTSTXT_OBEY": False, "LOG_LEVEL": "ERROR", "TELNETCONSOLE_ENABLED": False,
                       "COOKIES_ENABLED": False, "RETRY_ENABLED": False}
    links = LinkExtractor()

    def start_requests(self):
        yield scrapy.Request(self.url)

    def parse(self, response):
        yield {"url": response.url, "status": response.status,
               "title": response.css("title::text").get()}
        for link in self.links.extract_links(response):
            yield scrapy.Request(link.url)
'''


class Run:
    """One crawl: its wall time, CPU time and memory, and how many pages the server gave it."""

    def __init__(self, seconds, cpu, memory, pages, requests):
        self.seconds, self.cpu, self.memory = seconds, cpu, memory
        self.pages, self.requests = pages, requests

    @property
    def rate(self):
        return self.pages / self.seconds

    @property
    def cpu_us(self):
        return self.cpu / max(self.pages, 1) * 1e6


def peak_memory(pid):
    """Of the program that runs there now, in bytes; rusage would count whoever started it, too."""
    try:
        for line in pathlib.Path(f'/proc/{pid}/status').read_text().splitlines():
            if line.startswith('VmHWM:'):
                return int(line.split()[1]) << 10
    except OSError:
        pass
    return 0


def measure(words, nginx, folder):
    """Runs a crawler to its end; CPU time is that of the process and of its children."""
    nginx.forget()
    began = time.monotonic()
    process = subprocess.Popen(words, cwd=folder, stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    handle, memory = os.pidfd_open(process.pid), 0
    while True:
        memory = max(memory, peak_memory(process.pid))
        if select.select([handle], [], [], 0.02)[0]:
            break
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.monotonic() - began
    os.close(handle)
    said = process.stderr.read().decode(errors='replace')
    process.stderr.close()
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        print(f'  {words[3]} ended with {process.returncode}: {said[-500:]}', file=sys.stderr)
    good = [r.uri for r in nginx.requests() if r.status == 200]
    return Run(seconds, usage.ru_utime + usage.ru_stime, memory, len(set(good)), len(good))


def crawlers(core):
    """name -> (is it there, words for (URL, output folder))."""
    pin = ['taskset', '-c', str(core)]
    spider = 'whole_site.py'

    def sluice(url, out):
        return [*pin, str(rig.SLUICE), 'crawl', url, '--out', f'{out}/crawl', '--allow-net',
                '127.0.0.0/8', '--delay', '0', '--connections', '64', '--connections-per-host',
                '64', '--ignore-robots', '--no-cookies', '--quiet']

    def wget2(url, out):
        return [*pin, 'wget2', '-q', '-r', '-l', 'inf', '--no-robots', '--max-threads=16', '-P',
                out, url]

    def httrack(url, out):
        return [*pin, 'httrack', url, '-O', out, '-q', '-Q', '-c16', '-%c0', '-A0', '-%!', '-s0',
                '-r9999', '-I0']

    def scrapy(url, out):
        pathlib.Path(out, spider).write_text(SPIDER)
        return [*pin, rig.DEBIAN_PYTHON, '-m', 'scrapy', 'runspider', spider, '-a', f'url={url}',
                '-o', f'{out}/pages.jsonl']

    has_scrapy = subprocess.run([rig.DEBIAN_PYTHON, '-c', 'import scrapy'], capture_output=True,
                                check=False).returncode == 0
    return {'sluice': (rig.SLUICE.exists(), sluice),
            'wget2': (shutil.which('wget2'), wget2),
            'httrack': (shutil.which('httrack'), httrack),
            'scrapy': (has_scrapy, scrapy)}


def wrk_run(nginx, uris, core, folder):
    """Pages a second of a load generator that reads nothing of what it gets, and its CPU a page in us."""
    script = pathlib.Path(folder) / 'uris.lua'
    listed = ','.join(f'"{uri}"' for uri in uris)
    script.write_text(f'local uris = {{{listed}}}\nlocal at = 0\n'
                      'request = function() at = at % #uris + 1; '
                      'return wrk.format("GET", uris[at]) end\n')
    process = subprocess.Popen(['taskset', '-c', str(core), 'wrk', '-t1', '-c64', '-d3s', '-s',
                                str(script), nginx.url], stdout=subprocess.PIPE, text=True)
    said = process.stdout.read()
    process.stdout.close()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise RuntimeError(f'wrk ended with {process.returncode}: {said[-500:]}')
    rate = float(re.search(r'Requests/sec: *([0-9.]+)', said).group(1))
    pages = int(re.search(r'([0-9]+) requests in', said).group(1))
    return rate, (usage.ru_utime + usage.ru_stime) / pages * 1e6


def one_round(names, tools, site, cores, folder):
    """Each crawler once, each with a server of its own."""
    for name in names:
        out = pathlib.Path(folder) / 'out'
        shutil.rmtree(out, ignore_errors=True)
        out.mkdir()
        with rig.Nginx(rig.static_site(site), prefix=['taskset', '-c', str(cores[0])]) as nginx:
            yield name, measure(tools[name][1](nginx.url + '/', str(out)), nginx, out)
        shutil.rmtree(out, ignore_errors=True)


def median(runs, what):
    return statistics.median(getattr(run, what) for run in runs)


def report(results, pages, wrk):
    first = results.get('sluice') or next(iter(results.values()))
    base = median(first, 'rate')
    print(f'\n{"":10} {"pages/s":>10} {"(range)":>20} {"":>7} {"CPU/page":>10} {"memory":>10} '
          f'{"pages":>8} {"requests":>9}')
    for name, runs in results.items():
        rates = sorted(run.rate for run in runs)
        ratio = median(runs, 'rate') / base
        print(f'{name:10} {median(runs, "rate"):>10,.0f} '
              f'{f"({rates[0]:,.0f} to {rates[-1]:,.0f})":>20} {ratio:>6.2f}x '
              f'{median(runs, "cpu_us"):>7,.0f} us {median(runs, "memory") / 2**20:>6,.0f} MiB '
              f'{median(runs, "pages"):>8,.0f} {median(runs, "requests"):>9,.0f}'
              f'{"" if median(runs, "pages") == pages else "  NOT ALL"}')
    if wrk:
        rates, costs = zip(*wrk)
        print(f'{"wrk":10} {statistics.median(rates):>10,.0f} '
              f'{f"({min(rates):,.0f} to {max(rates):,.0f})":>20} {"":>7} '
              f'{statistics.median(costs):>7,.0f} us   the limit of this nginx and of any client')


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--pages', type=int, default=made_site.PAGES)
    parser.add_argument('--rounds', type=int, default=3)
    parser.add_argument('--slow-rounds', type=int, default=1, help='of scrapy')
    parser.add_argument('--only', default='sluice,wget2,httrack,scrapy,wrk')
    parser.add_argument('--cores', default='0,1')
    parser.add_argument('--folder', default='/var/tmp', help='where the crawlers write')
    options = parser.parse_args()
    rig.needs(('nginx-light', rig.NGINX))
    cores = [int(core) for core in options.cores.split(',')]
    wanted = options.only.split(',')
    tools = crawlers(cores[1])
    missing = [name for name, (there, _) in tools.items() if name in wanted and not there]
    if missing:
        print(f'not installed, left out: {", ".join(missing)}')
    names = [name for name in tools if name in wanted and name not in missing]
    site = ROOT / f'build/crawl-site-{options.pages}'
    if not (site / 'made').exists():
        print(f'making {options.pages} pages in {site}', flush=True)
        made_site.make_site(site, options.pages)
        (site / 'made').touch()
    uris = [made_site.site_uri(number) for number in range(options.pages)]
    results, wrk = {}, []
    work = pathlib.Path(options.folder) / f'sluice-bench-crawl-{os.getpid()}'
    work.mkdir(parents=True)
    try:
        for number in range(options.rounds):
            now = [n for n in names if n != 'scrapy' or number < options.slow_rounds]
            for name, run in one_round(now, tools, site, cores, work):
                results.setdefault(name, []).append(run)
                print(f'round {number + 1}  {name:8} {run.rate:>9,.0f} pages/s  {run.seconds:7.2f} '
                      f's  {run.cpu_us:>7,.0f} us CPU a page  {run.memory / 2**20:>5,.0f} MiB  '
                      f'{run.pages:,} pages', flush=True)
            if 'wrk' not in wanted or not shutil.which('wrk'):
                continue
            with rig.Nginx(rig.static_site(site),
                           prefix=['taskset', '-c', str(cores[0])]) as nginx:
                wrk.append(wrk_run(nginx, uris, cores[1], work))
            print(f'round {number + 1}  wrk      {wrk[-1][0]:>9,.0f} pages/s  {"":9}  '
                  f'{wrk[-1][1]:>7,.0f} us CPU a page', flush=True)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    if results:
        report(results, options.pages, wrk)


if __name__ == '__main__':
    main()
