#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Politeness proved from the server's own log: 250 virtual hosts on 250 loopback addresses in 25
domains. In no window are there more requests to a host, an address, a domain, or in all, than the
limits allow, and at least 95 % of what they allow together is used.

Without --long each run is short. The share that is used depends on a machine that has time for the
crawler, so a run that the machine stopped in between is repeated; limits must hold in every run."""

import sys

import limits
import names
import rig
from harness import check, run_tests

LONG = '--long' in sys.argv
SECONDS = 30 if LONG else 6
TRIES = 4
USED = 0.95


def words_of(bounds):
    words = []
    for flag, rate in (('--host-rate', bounds.host), ('--address-rate', bounds.address),
                       ('--domain-rate', bounds.domain), ('--rate', bounds.crawl)):
        if rate is not None:
            words += [flag, rate]
    return words


def sent_times(crawl):
    """When the crawler says that it sent each request."""
    import datetime
    return {page['url']: datetime.datetime.fromisoformat(
        page['time'].replace('Z', '+00:00')).timestamp() for page in crawl.pages()}


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
                '--time', f'{SECONDS + 1}s', '--drain-timeout', '5s', *words_of(bounds))
            requests = nginx.requests()
            late = max(limits.lateness(requests, sent_times(crawl)), 0.01) + 0.05
            groups = limits.check_limits(requests, bounds, late=late, burst=burst_of)
            shares.append(limits.used_share(requests, allowed, SECONDS - 1))
            print(f'      {len(requests)} requests to {len({r.host for r in requests})} hosts, '
                  f'{groups} groups within their limits (up to {late * 1000:.0f} ms late), '
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
