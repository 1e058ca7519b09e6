# SPDX-License-Identifier: Apache-2.0
"""Proves from a server's access log that no limit on request starts was exceeded in any window, and
says how much of what was allowed was used.

A limit of R starts a second with a burst of B allows, in every window of W seconds, B + R * W
starts. A request counts from when it arrived or, where count_from() was told, from when it was let
go. Where only arrivals are known a request may be late by up to `late` seconds (the network, the
scheduler), so a window of W seconds may hold the starts of W + late seconds."""

import bisect
import collections
import urllib.parse

EPSILON = 0.002  # times are whole milliseconds, twice rounded
EARLY = 1.0      # nginx reads the clock once for everything that it finds to do


class Breach(Exception):
    """A limit was exceeded."""


def check_rate(times, rate, *, burst=1, late=0.0, what=''):
    """Every window, in one pass: the GCRA of the log, allowed `late` seconds of grace."""
    interval = 1.0 / rate
    full_at = float('-inf')
    for at, time in enumerate(sorted(times)):
        full_at = max(full_at, time) + interval
        over = full_at - time - burst * interval - late - EPSILON
        if over > 0:
            raise Breach(f'{what}: request {at + 1} of {len(times)} came {over:.3f} s too early '
                         f'for {rate:g} a second (burst {burst}, {late:.3f} s of grace)')


def check_running(spans, most, *, what=''):
    """At no instant were more than `most` of these (began, ended) under way."""
    events = []
    for began, ended in spans:
        if ended - began > EPSILON:
            events += [(began + EPSILON / 2, 1), (ended - EPSILON / 2, -1)]
    events.sort()
    running = 0
    for time, change in events:
        running += change
        if running > most:
            raise Breach(f'{what}: {running} requests at once at {time:.3f}, allowed are {most}')


def by_name(requests, key):
    groups = collections.defaultdict(list)
    for request in requests:
        groups[key(request)].append(request)
    return groups


class Limits:
    """Starts a second (None: any) and requests at once (None: any) for each kind of group."""

    def __init__(self, *, host=None, address=None, domain=None, crawl=None, host_running=None):
        self.host, self.address, self.domain, self.crawl = host, address, domain, crawl
        self.host_running = host_running


def domain_of(host):
    """The registered domain of the rig's names: the last two labels, without the port."""
    return '.'.join(host.partition(':')[0].split('.')[-2:])


def check_limits(requests, limits, *, late=0.0, burst=lambda rate: 1):
    """Raises Breach at the first window of any host, address, domain or of the whole log that is
    above its limit. `burst`: how many starts at once a rate allows. Returns how many groups were
    checked."""
    groups = 0
    for name, rate, key in (('host', limits.host, lambda r: r.host),
                            ('address', limits.address, lambda r: r.address),
                            ('domain', limits.domain, lambda r: domain_of(r.host)),
                            ('crawl', limits.crawl, lambda r: 'all')):
        if rate is None:
            continue
        for group, members in by_name(requests, key).items():
            check_rate([r.counted for r in members], rate, burst=burst(rate), late=late,
                       what=f'{name} {group}')
            groups += 1
    if limits.host_running:
        for group, members in by_name(requests, lambda r: r.host).items():
            check_running([(r.began, r.ended) for r in members], limits.host_running,
                          what=f'host {group}')
            groups += 1
    return groups


def allowed_rate(hosts, limits):
    """The most starts a second that the limits allow together. `hosts`: name -> (address, domain);
    the addresses of a domain belong to no other, so that limits nest."""
    inf = float('inf')
    addresses, domains = collections.defaultdict(float), collections.defaultdict(float)
    where = {}
    for address, domain in hosts.values():
        addresses[address] += limits.host or inf
        where.setdefault(address, domain)
        if where[address] != domain:
            raise ValueError(f'{address} belongs to two domains')
    for address, rate in addresses.items():
        domains[where[address]] += min(rate, limits.address or inf)
    total = sum(min(rate, limits.domain or inf) for rate in domains.values())
    return min(total, limits.crawl or inf)


def count_from(requests, times):
    """Gives each request the time when it was let go (`counted`), and returns by how much the latest
    one arrived later. `times`: URL -> Unix seconds of each request for it. A request that was never
    let go, or arrived before, is a Breach."""
    late = 0.0
    times = {url: sorted(each, reverse=True) for url, each in times.items()}
    for request in sorted(requests, key=lambda r: r.began):
        url = urllib.parse.urljoin(f'http://{request.host}', request.uri)
        if not times.get(url):
            raise Breach(f'{url} arrived at {request.began:.3f} without having been let go')
        request.counted = times[url].pop()
        if request.began < request.counted - EARLY:
            raise Breach(f'{url} arrived at {request.began:.3f}, let go at {request.counted:.3f}')
        late = max(late, request.began - request.counted)
    return late


def used_share(requests, rate, seconds):
    """Which share of rate * seconds was used in the busiest stretch of so many seconds."""
    times = sorted(r.counted for r in requests)
    best = 0
    for at, time in enumerate(times):
        best = max(best, bisect.bisect_left(times, time + seconds) - at)
    return best / (rate * seconds)
