# SPDX-License-Identifier: Apache-2.0
"""What a crawl of a folder of HTML files must find, found in another way: Python's HTML parser over
the files, no server and no code of ours."""

import html.parser
import pathlib
import posixpath
import urllib.parse

# The attribute that holds a link, by element: what can lead from page to page.
LINKS = {'a': 'href', 'area': 'href', 'link': 'href', 'iframe': 'src', 'frame': 'src'}
# Everything else that a page loads.
RESOURCES = {'img': 'src', 'script': 'src', 'source': 'src', 'embed': 'src', 'object': 'data',
             'audio': 'src', 'video': 'src', 'track': 'src'}


class _Links(html.parser.HTMLParser):
    def __init__(self, elements):
        super().__init__(convert_charrefs=True)
        self.elements, self.found, self.base = elements, [], None

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag == 'base' and self.base is None and attrs.get('href'):
            self.base = attrs['href']
        name = self.elements.get(tag)
        if name and attrs.get(name) is not None:
            self.found.append(attrs[name].strip())

    handle_startendtag = handle_starttag


def links_of(text, url, elements):
    """The URLs that a page links to, without fragments, as they stand after resolution."""
    reader = _Links(elements)
    reader.feed(text)
    base = urllib.parse.urljoin(url, reader.base) if reader.base else url
    for link in reader.found:
        try:
            target = urllib.parse.urljoin(base, link)
        except ValueError:
            continue
        yield urllib.parse.urldefrag(target)[0]


def file_of(root, uri):
    """The file that nginx serves for a path, or None."""
    path = pathlib.Path(root) / urllib.parse.unquote(uri).lstrip('/')
    if uri.endswith('/'):
        path = path / 'index.html'
    return path if path.is_file() else None


def walk(root, start='/', *, resources=False):
    """(URIs that have a file, URIs that have none), all that can be reached from `start`."""
    elements = LINKS | RESOURCES if resources else LINKS
    site = 'http://site.test'
    todo, seen, missing = [start], {start}, set()
    while todo:
        uri = todo.pop()
        bare = uri.partition('?')[0]
        file = file_of(root, bare)
        if file is None:
            folder = pathlib.Path(root) / urllib.parse.unquote(bare).lstrip('/')
            if folder.is_dir():  # nginx sends the slash after it
                seen.discard(uri)
                if uri + '/' not in seen:
                    seen.add(uri + '/')
                    todo.append(uri + '/')
            else:
                seen.discard(uri)
                missing.add(uri)
            continue
        if file.suffix not in ('.html', '.htm'):
            continue
        text = file.read_text('utf-8', errors='replace')
        for link in links_of(text, site + uri, elements):
            parts = urllib.parse.urlsplit(link)
            if f'{parts.scheme}://{parts.netloc}' != site:
                continue
            path = posixpath.normpath(parts.path or '/')
            if (parts.path or '/').endswith('/') and path != '/':
                path += '/'
            target = path + (f'?{parts.query}' if parts.query else '')
            if target not in seen and target not in missing:
                seen.add(target)
                todo.append(target)
    return seen, missing
