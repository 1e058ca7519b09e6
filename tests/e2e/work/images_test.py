#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The image types through a real server and worker; results judged by the vips program, by file and
by Python reading PNG."""

import pathlib
import re
import struct
import subprocess
import zlib

import rig
from harness import BIN, run_tests
from rig import check, check_equal

VIPSHEADER, FILE = rig.needs('vipsheader', 'file')


def said(*words):
    return subprocess.run([str(word) for word in words], capture_output=True, text=True,
                          check=True).stdout.strip()


def header(path, field):
    return said(VIPSHEADER, '-f', field, path)


def size(path):
    return int(header(path, 'width')), int(header(path, 'height'))


def pixels(path):
    """The rows of an 8-bit PNG without interlacing, as lists of bytes."""
    data = pathlib.Path(path).read_bytes()
    at, packed, shape = 8, b'', None
    while at < len(data):
        length, kind = struct.unpack('>I4s', data[at:at + 8])
        body = data[at + 8:at + 8 + length]
        if kind == b'IHDR':
            shape = struct.unpack('>IIBBBBB', body)
        if kind == b'IDAT':
            packed += body
        at += length + 12
    width, height, depth, colours = shape[:4]
    check_equal((depth, shape[6]), (8, 0), 'bits and interlacing')
    step = {0: 1, 2: 3, 4: 2, 6: 4}[colours]
    raw, rows, before = zlib.decompress(packed), [], bytes(width * step)
    for y in range(height):
        line = raw[y * (width * step + 1):(y + 1) * (width * step + 1)]
        rows.append(unfiltered(line[0], line[1:], before, step))
        before = rows[-1]
    return [list(row) for row in rows]


def unfiltered(kind, line, up, step):
    out = bytearray()
    for i, byte in enumerate(line):
        left = out[i - step] if i >= step else 0
        corner = up[i - step] if i >= step else 0
        guess = left + up[i] - corner
        nearest = min((left, up[i], corner), key=lambda one: abs(guess - one))
        out.append((byte + [0, left, up[i], (left + up[i]) // 2, nearest][kind]) & 255)
    return bytes(out)


def info():
    with rig.Station() as station:
        for name, kind in (('harbour.png', 'png'), ('harbour.jpg', 'jpeg'), ('photo.webp', 'webp'),
                           ('blink.gif', 'gif'), ('pages.tiff', 'tiff'), ('harbour.avif', 'avif')):
            found = station.run('image.info', f'images/{name}')
            check_equal(found['format'], kind, name)
            check_equal((found['width'], found['height']), size(rig.DATA / 'images' / name), name)
        found = station.run('image.info', 'images/harbour.jpg')
        check_equal((found['orientation'], found['exif']['Make']), (6, 'Carrick Optical'), found)


def convert():
    with rig.Station() as station:
        for ending, word in (('jpg', 'JPEG image data'), ('png', 'PNG image data'),
                             ('webp', 'Web/P image'), ('avif', 'AVIF Image')):
            made = station.run('image.convert', 'images/harbour.jpg', f'made/harbour.{ending}')
            path = station.out / made['output']
            check(word in said(FILE, '-b', path), said(FILE, '-b', path))
            check_equal(size(path), (480, 320), f'{ending}: upright')
            check_equal(made['output_bytes'], path.stat().st_size, ending)
        station.run('image.convert', 'images/photo.jpg', 'plain.jpg', {'strip': True})
        check('icc-profile-data' not in said(VIPSHEADER, '-a', station.out / 'plain.jpg'), 'profile')


def resize_and_crop():
    with rig.Station() as station:
        station.run('image.resize', 'images/photo.jpg', 'a.jpg', {'width': 300})
        check_equal(size(station.out / 'a.jpg'), (300, 200), 'inside')
        station.run('image.resize', 'images/photo.jpg', 'b.png',
                    {'width': 90, 'height': 80, 'fit': 'cover', 'gravity': 'attention'})
        check_equal(size(station.out / 'b.png'), (90, 80), 'cover')
        station.run('image.crop', 'images/harbour.png', 'c.png',
                    {'left': 100, 'top': 50, 'width': 20, 'height': 10})
        whole = pixels(rig.DATA / 'images' / 'harbour.png')
        check_equal(pixels(station.out / 'c.png'), [row[300:360] for row in whole[50:60]], 'crop')


def filters():
    with rig.Station() as station:
        station.run('image.filter', 'images/harbour.png', 'a.png', {'steps': ['invert', 'flop']})
        whole = pixels(rig.DATA / 'images' / 'harbour.png')
        wanted = [[255 - row[x * 3 + band] for x in reversed(range(480)) for band in range(3)]
                  for row in whole]
        check_equal(pixels(station.out / 'a.png'), wanted, 'inverted and mirrored')
        station.run('image.filter', 'images/photo.jpg', 'b.jpg',
                    {'steps': ['blur 3', 'greyscale', 'edges', 'contrast 2', 'rotate 90']})
        check_equal(size(station.out / 'b.jpg'), (800, 1200), 'turned')
        check_equal(header(station.out / 'b.jpg', 'bands'), '1', 'grey')


def thumbnails_and_sheet():
    with rig.Station() as station:
        made = station.run('image.thumbnail', 'images/photo.jpg', 'thumbs/{size}.webp',
                           {'sizes': ['64', '320x100'], 'fit': 'cover'})
        for each, wanted in zip(made['thumbnails'], ((64, 64), (320, 100))):
            check_equal(size(station.out / each['output']), wanted, each['output'])
        images = [f'images/{name}' for name in ('photo.jpg', 'badge.png', 'harbour.jpg',
                                                'photo.webp', 'blink.gif')]
        made = station.run('image.contact_sheet', images, 'sheet.png',
                           {'cell': '120x80', 'spacing': 5, 'captions': True,
                            'background': '#203040'})
        check_equal((made['columns'], made['rows']), (3, 2), 'five images')
        rows = pixels(station.out / 'sheet.png')
        check_equal((len(rows[0]) // 3, len(rows)), (5 + 3 * 125, 5 + 2 * (80 + 18 + 5)), 'sheet')
        check_equal(rows[0][:3], [0x20, 0x30, 0x40], 'background')


def peak_mib(pid):
    """The most memory that a process has had in RAM."""
    status = pathlib.Path(f'/proc/{pid}/status').read_text()
    return int(re.search(r'VmHWM:\s*(\d+) kB', status).group(1)) / 1024


def memory():
    """Jobs near the limit, each in a process of its own, take what they may and no more."""
    if b'__asan_init' in (BIN / 'sluice-worker').read_bytes():
        print('memory is not measured: the sanitizer takes several times as much')
        return
    limit = 256  # MiB
    config = f'[work]\nisolate = ["image.*"]\nimage_memory = "{limit}MiB"\n'
    cases = [('image.resize', 'photo.jpg', 'a.avif', {'width': 2900, 'enlarge': True}),
             ('image.resize', 'photo.jpg', 'a.webp', {'width': 4200, 'enlarge': True}),
             ('image.resize', 'badge.png', 'b.webp', {'width': 2700, 'enlarge': True}),
             ('image.resize', 'photo.jpg', 'a.jpg',
              {'width': 7000, 'enlarge': True, 'quality': 95}),
             ('image.filter', 'photo.jpg', 'c.png', {'steps': ['blur 20', 'rotate 90']})]
    for jobtype, path, output, options in cases:
        with rig.Station(concurrency=1, config=config) as station:
            station.run('image.resize', 'images/badge.png', 'first.png', {'width': 8})
            process, = rig.children_of(station.worker.process.pid)
            before = peak_mib(process)
            made = station.run(jobtype, f'images/{path}', output, options)
            used = peak_mib(process) - before
            print(f'{output} {made["width"]}x{made["height"]}: {used:.0f} MiB')
            check(used < limit, f'{jobtype} {output} took {used:.0f} MiB')
    with rig.Station(config=config) as station:
        failure = station.fail('image.resize', 'images/photo.jpg', 'a.avif',
                               {'width': 3600, 'enlarge': True})
        check(failure.errtype == 'LimitExceeded' and 'writing avif takes' in failure.message,
              failure)


def hostile():
    with rig.Station() as station:
        whole = (rig.DATA / 'images' / 'photo.jpg').read_bytes()
        (station.out / 'cut.jpg').write_bytes(whole[:len(whole) // 2])
        (station.out / 'text.png').write_text('no image at all\n')
        (station.out / 'empty.jpg').write_bytes(b'')
        chunk = b'IHDR' + struct.pack('>IIBBBBB', 50_000, 50_000, 8, 2, 0, 0, 0)
        (station.out / 'bomb.png').write_bytes(
            b'\x89PNG\r\n\x1a\n' + struct.pack('>I', 13) + chunk
            + struct.pack('>I', zlib.crc32(chunk)) + struct.pack('>I', 0) + b'IDAT'
            + struct.pack('>I', zlib.crc32(b'IDAT')))
        (station.out / 'link.jpg').symlink_to(rig.DATA / 'images' / 'photo.jpg')
        before = sorted(path.name for path in station.out.iterdir())
        for name, errtype in (('cut.jpg', 'CorruptInput'), ('text.png', 'CorruptInput'),
                              ('empty.jpg', 'CorruptInput'), ('bomb.png', 'LimitExceeded'),
                              ('link.jpg', 'Denied'), ('../../etc/passwd', 'InvalidInput')):
            failure = station.fail('image.resize', name, 'result.png', {'width': 100})
            check(failure.final and failure.errtype == errtype, f'{name}: {failure}')
        check_equal(sorted(path.name for path in station.out.iterdir()), before, 'files left')


if __name__ == '__main__':
    run_tests(info, convert, resize_and_crop, filters, thumbnails_and_sheet, memory, hostile)
