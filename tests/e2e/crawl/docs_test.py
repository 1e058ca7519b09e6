#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Real sites, crawled whole: the manuals of PostgreSQL and Python as Debian packages them, served by
nginx. The set of pages is the one that a walk over the files by Python's HTML parser finds.

Usage: docs_test.py [postgresql] [python]"""

import multiprocessing
import pathlib

import rig
import walker
from harness import check, check_equal, run_tests

SITES = {'postgresql': pathlib.Path('/usr/share/doc/postgresql-doc-15/html'),
         'python': pathlib.Path('/usr/share/doc/python3-doc/html')}


def walked(root):
    return walker.walk(root, '/index.html')


def crawl_whole(name, pool):
    root = SITES[name].resolve()
    expected = pool.apply_async(walked, (root,))  # beside the crawl
    with rig.Folder('docs') as folder, rig.Nginx(rig.static_site(root)) as nginx:
        # rel=stylesheet and the like are no pages; the walker follows every <link>.
        crawl = rig.Crawl(folder.path / 'out').run(
            nginx.url + '/index.html', '--delay', '0', '--connections-per-host', '8', timeout=300)
        pages = crawl.pages()
        requests = nginx.requests()
    found, missing = expected.get(300)
    def ours(status):
        return [page['url'].removeprefix(nginx.url) for page in pages
                if page.get('status') == status]
    html = {uri for uri in found if uri.endswith(('.html', '/'))}
    had = ours(200)
    check_equal(len(had), len(set(had)), 'records without repeats')
    check(len(html) > 400, f'it is a large site: {len(html)} pages')
    rig.check_same_set((uri for uri in had if uri.endswith(('.html', '/'))), html, 'pages')
    check(set(ours(404)) <= missing | found, f'not there: {sorted(set(ours(404)) - missing)[:5]}')
    asked = [r.uri for r in requests]
    check_equal(len(asked), len(set(asked)), 'nothing was asked for twice')
    print(f'      {len(html)} pages', flush=True)


if __name__ == '__main__':
    rig.needs(('nginx-light', rig.NGINX), *((f'{name} documents', path.is_dir())
                                            for name, path in SITES.items()))
    with multiprocessing.Pool(1) as workers:
        def postgresql():
            crawl_whole('postgresql', workers)

        def python():
            crawl_whole('python', workers)
        run_tests(postgresql, python)
