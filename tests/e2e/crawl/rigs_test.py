#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The tools of the crawler's end-to-end tests, tested themselves: that the servers serve, that the
checker of limits finds what is too fast and lets pass what is not, that site and walker agree."""

import http.client
import random
import socket
import threading
import urllib.error
import urllib.request

import hostile
import limits
import made_site
import names
import rig
import walker
from rig import check
from harness import check_equal, run_tests


def get(url, **headers):
    request = urllib.request.Request(url, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def nginx_serves_and_logs():
    with rig.Folder('site') as folder:
        uris = made_site.make_site(folder.path, 30)
        with rig.Nginx(rig.static_site(folder.path)) as nginx:
            for uri in uris:
                status, body = get(nginx.url + uri)
                check_equal((status, len(body) > 7000), (200, True), uri)
            check_equal(get(nginx.url + '/none')[0], 404, 'a page that is not there')
            found = nginx.wait_for_requests(len(uris) + 1)
            check_equal([r.uri for r in found], uris + ['/none'], 'the log')
            check(all(r.ended >= r.began and r.address == '127.0.0.1' for r in found), 'its times')


def site_is_the_same_twice_and_whole():
    check_equal(made_site.page_text(7, 100), made_site.page_text(7, 100), 'a page made twice')
    with rig.Folder('site') as folder:
        uris = made_site.make_site(folder.path, 250)
        check_equal(len(set(uris)), 250, 'different pages')
        found, missing = walker.walk(folder.path)
        rig.check_same_set(found, uris, 'what the walker reaches')
        check_equal(missing, set(), 'links to nothing')
        sizes = [path.stat().st_size for path in folder.path.rglob('*.html')]
        mean = sum(sizes) / len(sizes)
        check(8400 < mean < 9000, f'pages have {mean} bytes on average')


def walker_resolves():
    with rig.Folder('site') as folder:
        (folder.path / 'sub').mkdir()
        (folder.path / 'index.html').write_text(
            '<base href="/sub/"><a href="a.html#x">a</a><a href="../b.html?q=1">b</a>'
            '<a href="//elsewhere.test/c">c</a><a href="mailto:x@y">m</a><img src=/i.png>'
            '<a href="/sub">s</a><a href="/gone.html">g</a>')
        for name in ('sub/a.html', 'b.html', 'i.png', 'sub/index.html'):
            (folder.path / name).write_text('')
        found, missing = walker.walk(folder.path)
        check_equal(found, {'/', '/sub/a.html', '/b.html?q=1', '/sub/'}, 'pages')
        check_equal(missing, {'/gone.html'}, 'missing')
        check('/i.png' in walker.walk(folder.path, resources=True)[0], 'the picture is a resource')


def breach_of(times, rate, **more):
    try:
        limits.check_rate(times, rate, **more)
    except limits.Breach:
        return True
    return False


def rate_checker_finds_what_is_too_fast():
    even = [n * 0.1 for n in range(200)]
    check(not breach_of(even, 10), 'exactly the rate')
    check(breach_of(even, 9.9), 'a little too fast in the long run')
    check(breach_of(sorted(even + [10.05]), 10), 'one request more')
    check(not breach_of(sorted(even + [10.05]), 10, burst=2), 'one request more, within the burst')
    # Late by up to 80 ms, in any order: allowed when the lateness is, and not hidden by it for long.
    rng = random.Random(5)
    late = [time + rng.uniform(0, 0.08) for time in even]
    check(breach_of(late, 10), 'late requests come close together')
    check(not breach_of(late, 10, late=0.08), 'as late as allowed')
    fast = [n * 0.09 + rng.uniform(0, 0.08) for n in range(200)]
    check(breach_of(fast, 10, late=0.08), 'lateness does not hide a wrong rate')


def running_checker_finds_two_at_once():
    apart = [(n, n + 0.9) for n in range(20)]
    limits.check_running(apart, 1)
    limits.check_running([(0, 1.0), (1.0, 2.0), (1.001, 1.001)], 1)
    try:
        limits.check_running(apart + [(3.5, 3.6)], 1)
    except limits.Breach:
        pass
    else:
        raise rig.Failed('two at once were not found')
    limits.check_running(apart + [(3.5, 3.6)], 2)


def allowed_rate_is_the_least_of_nested_limits():
    web = names.Web(domains=25, hosts=10)
    check_equal((len(web.hosts), len(web.addresses)), (250, 250), 'hosts and addresses')
    rate = limits.allowed_rate
    check_equal(rate(web.hosts, limits.Limits(host=2)), 500, 'hosts bind')
    check_equal(rate(web.hosts, limits.Limits(host=2, domain=5)), 125, 'domains bind')
    check_equal(rate(web.hosts, limits.Limits(host=2, domain=5, crawl=100)), 100, 'the crawl binds')
    shared = names.Web(domains=5, hosts=8, share=4)
    check_equal(len(shared.addresses), 10, 'shared addresses')
    check_equal(rate(shared.hosts, limits.Limits(host=2, address=3)), 30, 'addresses bind')


def many_hosts_are_served_by_address():
    web = names.Web(domains=25, hosts=10, pages=5)
    with web.nginx() as nginx, rig.Folder('names') as folder:
        file = web.hosts_file(folder.path / 'hosts')
        check_equal(len(file.read_text().splitlines()), 250, 'lines of the hosts file')
        for name, (address, _) in list(web.hosts.items())[::50]:
            with socket.create_connection((address, nginx.port), timeout=30) as wire:
                wire.sendall(f'GET / HTTP/1.1\r\nHost: {name}:{nginx.port}\r\n'
                             'Connection: close\r\n\r\n'.encode())
                answer = wire.makefile('rb').read().decode()
            check('/p4' in answer and f'A page of {name}' in answer, answer[:300])
        found = nginx.wait_for_requests(5)
        check_equal([(r.host.split(':')[0], r.address) for r in found],
                    [(name, address) for name, (address, _) in list(web.hosts.items())[::50]],
                    'who was asked where')


def httpbin_serves():
    rig.needs(('python3-httpbin, python3-gunicorn', rig.Httpbin.is_installed()))
    with rig.Httpbin() as httpbin:
        status, body = get(httpbin.url + '/links/5/0')
        check_equal((status, body.count(b'href')), (200, 4), 'links')
        check_equal(get(httpbin.url + '/status/418')[0], 418, 'a status')


def hostile_server_misbehaves():
    with rig.Folder('hostile') as folder, hostile.Hostile(folder.path) as server:
        url = server.hosts
        check_equal(get(url['loop'] + '/robots.txt')[0], 404, 'no robots.txt')
        check_equal(get(url['robots_error'] + '/robots.txt')[0], 500, 'a broken robots.txt')
        check(b'/chunked' in get(url['endless'] + '/')[1], 'its links')
        check_equal(get(url['throttle'] + '/seconds')[0], 429, 'at first')
        check_equal(get(url['throttle'] + '/seconds')[0], 200, 'then')
        for name, path in (('reset', '/body'), ('length', '/more'), ('tls_name', '/'),
                           ('not_tls', '/'), ('headers', '/garbage')):
            try:
                get(url[name] + path)
            except (OSError, http.client.HTTPException):
                continue
            raise rig.Failed(f'{name}{path} behaved')
        check_equal(sum(1 for one in server.asked_for('throttle') if one.path == '/seconds'), 2,
                    'what it wrote down')
        check(threading.active_count() < 10, 'threads')


if __name__ == '__main__':
    rig.needs(('nginx-light', rig.NGINX))
    run_tests(nginx_serves_and_logs, site_is_the_same_twice_and_whole, walker_resolves,
                  rate_checker_finds_what_is_too_fast, running_checker_finds_two_at_once,
                  allowed_rate_is_the_least_of_nested_limits, many_hosts_are_served_by_address,
                  httpbin_serves, hostile_server_misbehaves)
