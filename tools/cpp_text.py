# SPDX-License-Identifier: Apache-2.0
"""C++ text as the checks need it: comments and literals blanked out, positions kept.

Not a parser. Lines and columns of the result are those of the source.
"""

import re

_TOKEN = re.compile(
    r'//[^\n]*'
    r'|/\*.*?\*/'
    r'|R"(?P<mark>[^()\\ ]{0,16})\(.*?\)(?P=mark)"'
    r'|"(?:\\.|[^"\\\n])*"'
    r"|(?<![0-9a-zA-Z_])'(?:\\.|[^'\\\n])+'",
    re.DOTALL)


def _blank(match):
    text = match.group(0)
    kept = re.sub(r'[^\n]', ' ', text)
    if text.startswith(('"', 'R"', "'")) and len(text) >= 2:
        return '"' + kept[1:-1] + '"'
    return kept


def without_comments_and_literals(text):
    """The same text with every comment and the inside of every literal as blanks."""
    return _TOKEN.sub(_blank, text)


_INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(?:"([^"]+)"|<([^>]+)>)', re.MULTILINE)


def includes(text):
    """Every include as (line, path, quoted)."""
    commentless = re.sub(r'/\*.*?\*/', lambda m: re.sub(r'[^\n]', ' ', m.group(0)), text,
                         flags=re.DOTALL)
    return [(line_of(commentless, m.start(m.lastindex)), m.group(1) or m.group(2),
             m.group(1) is not None) for m in _INCLUDE.finditer(commentless)]


def line_of(text, position):
    """The line number, from 1, of a position."""
    return text.count('\n', 0, position) + 1
