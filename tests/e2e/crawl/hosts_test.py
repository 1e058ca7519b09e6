#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Politeness proved from the server's own log: 250 virtual hosts on 250 loopback addresses in 25
domains. In no window are there more requests to a host, an address, a domain, or in all, than the
limits allow; with --long, on a machine that has nothing else to do, at least 95 % of what they allow
together is used.

The log tells which requests there were. When each was let go is told by the WARC record of its answer:
a machine that is busy lets a request arrive late, and then the next one comes too soon after it, which
no crawler can help. No request may be without its record, nor arrive before it was let go.

Without --long each run is short, and half of what is allowed is enough: the share says more about how
busy the machine is. A run below it is repeated; limits must hold in every run."""

import collections
import datetime
import sys

import limits
import names
import rig
import warc
from harness import check, run_tests

LONG = '--long' in sys.argv
SECONDS = 30 if LONG else 6
TRIES = 4
USED = 0.95 if LONG else 0.5


def words_of(bounds):
    words = []
    for flag, rate in (('--host-rate', bounds.host), ('--address-rate', bounds.address),
                       ('--domain-rate', bounds.domain), ('--rate', bounds.crawl)):
        if rate is not None:
            words += [flag, rate]
    return words


def let_go(crawl):
    """URL -> when the crawler says that it let each request for it go, in Unix seconds."""
    times = collections.defaultdict(list)
    for record in warc.read(sorted(crawl.out.glob('*.warc.gz'))):
        if record.type in ('response', 'revisit'):
            times[record.url].append(datetime.datetime.fromisoformat(
                record.headers['warc-date'].replace('Z', '+00:00')).timestamp())
    return times


def burst_of(rate):
    return 1 + int(rate * 0.05)


def prove(web, bounds, workers=1):
    """Crawls for a while, checks every window, and that the allowed rate was used."""
    allowed = limits.allowed_rate(web.hosts, bounds)
    shares = []
    for _ in range(TRIES):
        with rig.Folder('names') as folder, web.nginx() as nginx:
            hosts_file = web.hosts_file(folder.path / 'hosts')
            seeds = folder.path / 'seeds'
            seeds.write_text('\n'.join(web.seeds(nginx.port)))
            crawl = rig.Crawl(folder.path / 'out').run(
                '--seeds', seeds, '--hosts-file', hosts_file, '--workers', workers,
                '--time', f'{SECONDS + 1}s', '--drain-timeout', '5s', '--warc', *words_of(bounds))
            requests = nginx.requests()
            late = limits.count_from(requests, let_go(crawl))
            groups = limits.check_limits(requests, bounds, burst=burst_of)
            shares.append(limits.used_share(requests, allowed, SECONDS - 1))
            print(f'      {len(requests)} requests to {len({r.host for r in requests})} hosts, '
                  f'{groups} groups within their limits (arrived up to {late * 1000:.0f} ms later), '
                  f'{shares[-1]:.1%} of {allowed:g}/s used', flush=True)
        if shares[-1] >= USED:
            return
    check(False, f'of the allowed rate were used {", ".join(f"{share:.1%}" for share in shares)}')


def whole_web():
    return names.Web(domains=25, hosts=10)


def hosts_bind():
    prove(whole_web(), limits.Limits(host=1, host_running=1))


def domains_bind():
    prove(whole_web(), limits.Limits(host=2, domain=5, host_running=1))


def crawl_binds():
    prove(whole_web(), limits.Limits(host=2, domain=10, crawl=100, host_running=1), workers=2)


def addresses_bind():
    prove(names.Web(domains=25, hosts=10, share=5),
          limits.Limits(host=2, address=3, domain=50, host_running=1))


def all_at_once():
    """Domains of one, of four and of twelve hosts: there a host, an address, a domain binds."""
    web = names.Web(domains=0, hosts=0)
    for d, (hosts, share) in enumerate([(1, 1)] * 8 + [(4, 4)] * 8 + [(12, 1)] * 9):
        for h in range(hosts):
            web.hosts[f'h{h:02}.site{d:02}.test'] = (f'127.1.{d}.{1 + h // share}',
                                                     f'site{d:02}.test')
    web.addresses = sorted({address for address, _ in web.hosts.values()})
    prove(web, limits.Limits(host=2, address=3, domain=6, crawl=90, host_running=1))


if __name__ == '__main__':
    rig.needs(('nginx-light', rig.NGINX))
    sys.argv = [word for word in sys.argv if word != '--long']
    run_tests(*([hosts_bind, domains_bind, addresses_bind, crawl_binds, all_at_once] if LONG
                    else [domains_bind, crawl_binds, all_at_once]))
