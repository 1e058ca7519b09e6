#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A made-up site on disk, the same for the same numbers: pages of about 8.7 kB with about 20 links
each. Page n+1 is linked from page n, so that every page is reached whatever the other links are;
those lead anywhere, mostly near.

Usage: made_site.py FOLDER [PAGES]"""

import pathlib
import random
import sys

PAGES = 10_000
PAGE_BYTES = 8_700
LINKS = 20
FOLDER_PAGES = 100  # pages in one folder

WORDS = ('queue worker lease retry frontier polite robots sitemap anchor tokenizer durable batch '
         'engine channel deadline limit bucket window host domain address crawl page link depth '
         'budget novelty fetch answer header body coding chunk socket epoll thread owner store '
         'record prefix table block sync log replay order balance proof').split()


def page_path(number):
    """Path of a page below the site; page 0 is the front page."""
    if number == 0:
        return 'index.html'
    return f'd{number // FOLDER_PAGES}/p{number}.html'


def page_links(number, pages, rng):
    """The pages that this one links to: the next one first, then others, some of them twice."""
    links = [(number + 1) % pages]
    while len(links) < LINKS:
        if rng.random() < 0.7:
            links.append((number + rng.randint(-50, 50)) % pages)
        else:
            links.append(rng.randrange(pages))
    return links


def sentence(rng):
    words = rng.choices(WORDS, k=rng.randint(8, 16))
    return ' '.join(words).capitalize() + '.'


def page_text(number, pages):
    rng = random.Random(number * 1_000_003 + pages)
    parts = ['<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
             f'<title>Page {number} of {pages}</title>\n'
             '<meta name="viewport" content="width=device-width">\n'
             '<style>body { max-width: 40em; margin: auto } a { color: #246 }</style>\n'
             f'</head>\n<body>\n<h1>Page {number}</h1>\n']
    for place, target in enumerate(page_links(number, pages, rng)):
        words = sentence(rng)
        # The forms that links take: relative to the site, with a fragment, in other quotes.
        href = site_uri(target)
        if place % 5 == 3:
            href += f'#s{place}'
        quote = '"' if place % 4 else "'"
        parts.append(f'<p class="text">{words} <a href={quote}{href}{quote} '
                     f'title="link {place}">page {target} &amp; more</a> {sentence(rng)}</p>\n')
    size = sum(map(len, parts))
    while size < PAGE_BYTES - 150:
        more = f'<p>{sentence(rng)} <em>{sentence(rng)}</em></p>\n'
        parts.append(more)
        size += len(more)
    parts.append('</body>\n</html>\n')
    return ''.join(parts)


def make_site(folder, pages=PAGES):
    """Writes the site; the paths of its pages, as in URLs."""
    folder = pathlib.Path(folder)
    for number in range(pages):
        path = folder / page_path(number)
        if number % FOLDER_PAGES in (0, 1):
            path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(page_text(number, pages))
    return [site_uri(number) for number in range(pages)]


def site_uri(number):
    return '/' if number == 0 else '/' + page_path(number)


if __name__ == '__main__':
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    made = make_site(sys.argv[1], int(sys.argv[2]) if len(sys.argv) == 3 else PAGES)
    print(f'{len(made)} pages in {sys.argv[1]}')
