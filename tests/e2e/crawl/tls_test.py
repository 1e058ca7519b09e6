#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`sluice crawl` over TLS against nginx: HTTP/2 (nginx's own log says so), HTTP/1.1 where it is asked
for, authorities of one's own, and client certificates that go to their host alone."""

import subprocess

import made_site
import rig
from harness import check, check_equal, run_tests

FAST = ('--delay', '0', '--connections-per-host', '8')
PAGES = 40
BLOCK = '''
server {{ listen 127.0.0.1:PORT ssl http2; server_name {name}; root {root}; index index.html;
  absolute_redirect off; ssl_certificate {folder}/{name}.pem; ssl_certificate_key {folder}/{name}.key;
  ssl_client_certificate {folder}/people.pem; ssl_verify_client {verify};
}}
'''


def openssl(*words):
    subprocess.run(['openssl', *map(str, words)], check=True, capture_output=True)


def make_authority(folder, name):
    openssl('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes',
            '-days', '2', '-subj', f'/CN={name}', '-keyout', folder / f'{name}.key', '-out',
            folder / f'{name}.pem')


def make_certificate(folder, name, authority):
    """NAME.pem and NAME.key, signed."""
    (folder / f'{name}.ext').write_text(f'subjectAltName=DNS:{name}\n')
    openssl('req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-subj',
            f'/CN={name}', '-keyout', folder / f'{name}.key', '-out', folder / f'{name}.csr')
    openssl('x509', '-req', '-in', folder / f'{name}.csr', '-CA', folder / f'{authority}.pem',
            '-CAkey', folder / f'{authority}.key', '-CAcreateserial', '-days', '2', '-extfile',
            folder / f'{name}.ext', '-out', folder / f'{name}.pem')


class SecureSite(rig.Site):
    """open.test takes everybody, closed.test only whom an authority of people knows."""

    def __init__(self):
        super().__init__('tls', self.make)

    def make(self, path):
        for authority in ('servers', 'people'):
            make_authority(path, authority)
        for name, authority in (('open.test', 'servers'), ('closed.test', 'servers'),
                                ('me', 'people')):
            make_certificate(path, name, authority)
        self.uris = made_site.make_site(path / 'site', PAGES)
        return ''.join(BLOCK.format(name=name, root=path / 'site', folder=path, verify=verify)
                       for name, verify in (('open.test', 'off'), ('closed.test', 'on')))

    def url(self, name):
        return f'https://{name}:{self.nginx.port}'

    def crawl(self, folder, host, *words):
        self.nginx.forget()
        names = [word for name in ('open.test', 'closed.test')
                 for word in ('--resolve', f'{name}=127.0.0.1')]
        return rig.Crawl(self.folder.path / folder).run(
            self.url(host), *FAST, *names, '--cacert', self.folder.path / 'servers.pem', *words)

    def check_whole(self, crawl, host, protocol, in_log):
        pages = crawl.pages()
        uris = [p['url'].removeprefix(self.url(host)) for p in pages if p.get('status') == 200]
        rig.check_same_set(uris, self.uris, f'pages of {host}')
        check_equal({p['protocol'] for p in pages}, {protocol}, 'protocols in pages.jsonl')
        # A line is written when the answer has gone.
        log = self.nginx.wait_for_requests(len(self.uris) + 1)
        check_equal({r.protocol for r in log}, {in_log}, "protocols in nginx's log")


def main():
    with SecureSite() as site:
        certificate = f'{site.folder.path}/me.pem,{site.folder.path}/me.key'

        def whole_site_over_http2():
            crawl = site.crawl('two', 'open.test', '--warc')
            site.check_whole(crawl, 'open.test', 'HTTP/2', 'HTTP/2.0')
            connections = {r.connection for r in site.nginx.requests()}
            check(len(connections) < len(site.uris) / 2,
                  f'requests share connections: {len(connections)} for {len(site.uris)} pages')

        def http1_where_it_is_asked_for():
            crawl = site.crawl('one', 'open.test', '--http1')
            site.check_whole(crawl, 'open.test', 'HTTP/1.1', 'HTTP/1.1')

        def strange_authorities_are_not_trusted():
            crawl = site.crawl('strange', 'open.test', '--cacert', site.folder.path / 'people.pem',
                               '--ignore-robots', '--attempts', 1)
            check_equal([p.get('failure') for p in crawl.pages()], ['tls'], 'the failure')
            check_equal(site.nginx.requests(), [], 'it was asked for nothing')

        def client_certificates_open_what_is_closed():
            crawl = site.crawl('closed', 'closed.test', '--client-cert',
                               f'closed.test={certificate}')
            site.check_whole(crawl, 'closed.test', 'HTTP/2', 'HTTP/2.0')
            check_equal({r.client for r in site.nginx.requests()}, {'CN=me'}, 'whom nginx saw')

        def without_one_it_stays_closed():
            for number, words in enumerate(((), ('--client-cert', f'open.test={certificate}'))):
                crawl = site.crawl(f'without{number}', 'closed.test', '--ignore-robots', *words)
                check_equal([p.get('status') for p in crawl.pages()], [400], f'with {words}')
                check_equal({r.client for r in site.nginx.requests()}, {''}, 'whom nginx saw')

        def certificates_that_cannot_be_read_are_refused():
            crawl = rig.Crawl(site.folder.path / 'unread').run(
                site.url('closed.test'), '--client-cert', 'closed.test=/nonexistent,/none',
                code=None)
            check(crawl.code != 0 and 'client certificate' in crawl.stderr, crawl.stderr)

        run_tests(whole_site_over_http2, http1_where_it_is_asked_for,
                  strange_authorities_are_not_trusted, client_certificates_open_what_is_closed,
                  without_one_it_stays_closed, certificates_that_cannot_be_read_are_refused)


if __name__ == '__main__':
    rig.needs(('nginx-light', rig.NGINX))
    main()
