# SPDX-License-Identifier: Apache-2.0
"""A strict reader of WARC files, written from the standard (ISO 28500) and not from our writer: each
record is one gzip member, its length and its digests are right, and nothing is left over."""

import base64
import hashlib
import zlib


class Torn(Exception):
    """The file is not a whole number of whole records."""


class Record:
    def __init__(self, offset, length, headers, block):
        self.offset, self.length, self.headers, self.block = offset, length, headers, block

    @property
    def type(self):
        return self.headers['warc-type']

    @property
    def url(self):
        return self.headers.get('warc-target-uri', '').strip('<>')


def members(data):
    """(offset, length, unpacked) of each gzip member."""
    at = 0
    while at < len(data):
        unpack = zlib.decompressobj(31)
        try:
            text = unpack.decompress(data[at:])
        except zlib.error as error:
            raise Torn(f'at {at} of {len(data)}: {error}') from None
        if not unpack.eof:
            raise Torn(f'the member at {at} of {len(data)} has no end')
        length = len(data) - at - len(unpack.unused_data)
        yield at, length, text
        at += length


def parse(offset, length, text):
    head, separator, rest = text.partition(b'\r\n\r\n')
    if not separator or not head.startswith(b'WARC/1.1\r\n'):
        raise Torn(f'the member at {offset} is no record: {text[:60]!r}')
    headers = {}
    for line in head.decode().split('\r\n')[1:]:
        name, _, value = line.partition(':')
        headers[name.lower()] = value.strip()
    size = int(headers['content-length'])
    if len(rest) != size + 4 or rest[size:] != b'\r\n\r\n':
        raise Torn(f'the record at {offset} has {len(rest) - 4} bytes, not {size}')
    record = Record(offset, length, headers, rest[:size])
    check_digest(record, 'warc-block-digest', record.block)
    if 'warc-payload-digest' in headers and record.type == 'response':
        check_digest(record, 'warc-payload-digest', record.block.partition(b'\r\n\r\n')[2])
    return record


def check_digest(record, name, data):
    said = record.headers.get(name)
    if said is None:
        return
    kind, _, value = said.partition(':')
    digest = hashlib.new(kind.replace('-', '').lower(), data).digest()
    if value not in (base64.b32encode(digest).decode(), digest.hex()):
        raise Torn(f'the {name} of {record.url} at {record.offset} is wrong')


def read(paths):
    """Every record of the files, checked."""
    records = []
    for path in paths:
        data = path.read_bytes()
        records += [parse(*member) for member in members(data)]
    return records
