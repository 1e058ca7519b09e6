#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""SIGKILL at random moments, then --resume: every page is there, once; no output has a torn or a
double record; at most the requests in flight at each kill are made again.

Usage: kill_test.py [--kills N] [--pages N] [--seed N]"""

import argparse
import random
import time

import made_site
import rig
import warc
from harness import check, check_equal, wait_until

CONNECTIONS = 8
KILLS_A_CRAWL = 5


def crawl_words(rate):
    return ['--delay', '0', '--connections-per-host', CONNECTIONS, '--connections', CONNECTIONS,
            '--rate', rate, '--warc', '--edges', '--workers', 2]


def kill_at(process, nginx, count):
    """SIGKILL once so many requests are in the log; whether it was still running."""
    wait_until(lambda: nginx.request_count() >= count or process.poll() is not None,
               'the moment of the kill')
    process.kill()
    process.communicate(timeout=60)
    return process.returncode == -9


def check_outputs(crawl, site_url, uris):
    pages = [page['url'].removeprefix(site_url) for page in crawl.pages()]
    rig.check_same_set(pages, uris, 'pages.jsonl')
    check_equal(len(pages), len(uris), 'each page once in pages.jsonl')
    answers = [r.url.removeprefix(site_url) for r in warc.read(sorted(crawl.out.glob('*.warc.gz')))
               if r.type in ('response', 'revisit')]
    bodies = [uri for uri in answers if uri != '/robots.txt']
    rig.check_same_set(bodies, uris, 'the WARC')
    check_equal(len(bodies), len(uris), 'each page once in the WARC')
    edges = (crawl.out / 'edges.csv').read_bytes()
    check(edges.endswith(b'\n'), 'edges.csv ends with a line')
    lines = edges.splitlines()
    check_equal(len(lines), len(set(lines)), 'each edge once')


def one_crawl(rng, pages, kills):
    """A crawl that is killed so many times; how many requests were made again, in all."""
    with rig.Folder('kill') as folder:
        uris = made_site.make_site(folder.path / 'site', pages)
        with rig.Nginx(rig.static_site(folder.path / 'site')) as nginx:
            crawl = rig.Crawl(folder.path / 'out')
            moments = sorted(rng.sample(range(20, pages), kills))
            killed = 0
            for number, moment in enumerate(moments):
                words = [nginx.url] if not (crawl.out / 'pages.jsonl').exists() else ['--resume']
                process = crawl.start(*words, *crawl_words(pages))
                killed += kill_at(process, nginx, moment + number * CONNECTIONS)
            crawl.run('--resume', *crawl_words(100_000), timeout=300)
            check_outputs(crawl, nginx.url, uris)
            asked = [r.uri for r in nginx.requests() if r.uri != '/robots.txt']
            again = len(asked) - len(set(asked))
            check(again <= killed * CONNECTIONS,
                  f'{again} requests were made again after {killed} kills with {CONNECTIONS} '
                  'connections')
            return killed, again


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--kills', type=int, default=20)
    parser.add_argument('--pages', type=int, default=600)
    parser.add_argument('--seed', type=int, default=None)
    options = parser.parse_args()
    seed = options.seed if options.seed is not None else time.time_ns() % 1_000_000
    print(f'seed {seed}', flush=True)
    rng = random.Random(seed)
    done = again = 0
    while done < options.kills:
        killed, refetched = one_crawl(rng, options.pages, min(KILLS_A_CRAWL, options.kills - done))
        check(killed > 0, 'no crawl was there to be killed')
        done += killed
        again += refetched
        print(f'ok    {done} kills so far, {again} requests made again', flush=True)


if __name__ == '__main__':
    rig.needs(('nginx-light', rig.NGINX))
    main()
