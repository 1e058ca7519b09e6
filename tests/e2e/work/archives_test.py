#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The archive types through a real server and worker, checked with tar, unzip, 7z and Python's
modules; and archives that were made to do harm."""

import filecmp
import io
import os
import struct
import subprocess
import tarfile
import zipfile
import zlib

import rig
from harness import run_tests
from rig import DATA, check, check_equal

SAMPLES = ('archive/harbour.tar.gz', 'archive/harbour.zip', 'archive/harbour.7z')


def says(*words):
    return subprocess.run([str(word) for word in words], check=True, capture_output=True,
                          text=True).stdout


def same_tree(one, other):
    def walk(compared):
        check(not compared.left_only and not compared.right_only and not compared.funny_files,
              f'{compared.left_only} {compared.right_only}')
        check_equal(filecmp.cmpfiles(compared.left, compared.right, compared.common_files,
                                     shallow=False)[1:], ([], []), 'different files')
        for inner in compared.subdirs.values():
            walk(inner)
    walk(filecmp.dircmp(one, other))


def left(station):
    return sorted(path.name for path in station.out.iterdir())


def samples_are_listed_and_extracted():
    with rig.Station() as station:
        for number, sample in enumerate(SAMPLES):
            listing = station.run('archive.list', sample)
            check_equal((listing['files'], listing['bytes'], listing['unsafe']), (3, 2964, 0), sample)
            check_equal({item['path'] for item in listing['listed'] if item['kind'] == 'file'},
                        {'harbour/lighthouse.txt', 'harbour/tables/ragged.csv',
                         'harbour/empty.txt'}, sample)
            out = f'out{number}'
            done = station.run('archive.extract', sample, out, {'links': True})
            check_equal((done['files'], done['skipped']), (3, {}), sample)
            check(filecmp.cmp(station.out / out / 'harbour/lighthouse.txt',
                              DATA / 'texts/lighthouse.txt', shallow=False), sample)
            failure = station.fail('archive.extract', sample, out)
            check_equal(failure.errtype, 'Conflict', sample)


def others_read_what_is_packed():
    rig.needs('tar', 'unzip', 'zstd', 'xz')
    with rig.Station() as station:
        for ending in ('tar', 'tar.gz', 'tar.zst', 'tar.xz', 'zip'):
            archive = station.out / f'texts.{ending}'
            made = station.run('archive.create', 'texts', archive.name)
            again = station.run('archive.create', 'texts', archive.name)
            check_equal(again['sha256'], made['sha256'], f'the same bytes twice, {ending}')
            check_equal(says('sha256sum', archive).split()[0], made['sha256'], ending)
            out = station.out / ('by-hand-' + ending)
            out.mkdir()
            if ending == 'zip':
                says('unzip', '-q', archive, '-d', out)
            else:
                says('tar', '-xf', archive, '-C', out)
            same_tree(out / 'texts', DATA / 'texts')
            station.run('archive.extract', archive.name, 'back-' + ending)
            same_tree(station.out / f'back-{ending}/texts', DATA / 'texts')


def what_others_pack_is_read():
    rig.needs('tar', 'zstd', 'xz')
    with rig.Station() as station:
        for ending, flag in (('tar', '--no-auto-compress'), ('tar.gz', '-z'), ('tar.xz', '-J'),
                             ('tar.zst', '--zstd')):
            says('tar', flag, '-cf', station.out / f'a.{ending}', '-C', DATA, 'tables')
            station.run('archive.extract', f'a.{ending}', 'out-' + ending)
            same_tree(station.out / f'out-{ending}/tables', DATA / 'tables')
        with zipfile.ZipFile(station.out / 'a.zip', 'w', zipfile.ZIP_DEFLATED) as archive:
            for path in sorted((DATA / 'tables').iterdir()):
                archive.write(path, f'tables/{path.name}')
        station.run('archive.extract', 'a.zip', 'out-zip')
        same_tree(station.out / 'out-zip/tables', DATA / 'tables')


def tar_with(*entries):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode='w') as archive:
        for name, kind, target, data in entries:
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname, entry.size = kind, target, len(data)
            archive.addfile(entry, io.BytesIO(data))
    return out.getvalue()


def names_and_links_do_not_lead_out():
    with rig.Station() as station:
        outside = station.server.folder / 'outside'
        outside.mkdir()
        evil = {
            'up.tar': tar_with(('../../outside/x', tarfile.REGTYPE, '', b'evil')),
            'absolute.tar': tar_with((f'{outside}/x', tarfile.REGTYPE, '', b'evil')),
            'through.tar': tar_with(('way', tarfile.SYMTYPE, str(outside), b''),
                                    ('way/x', tarfile.REGTYPE, '', b'evil')),
            'hard.tar': tar_with(('x', tarfile.LNKTYPE, '../../outside/y', b'')),
            'device.tar': tar_with(('x', tarfile.CHRTYPE, '', b'')),
        }
        for name, data in evil.items():
            (station.out / name).write_bytes(data)
            out = name.replace('.tar', '')
            failure = station.fail('archive.extract', name, out, {'links': True})
            check(failure.final and failure.errtype == 'InvalidInput', f'{name}: {failure}')
            check(not (station.out / out).exists(), name)
            done = station.run('archive.extract', name, out, {'links': True, 'unsafe': 'skip'})
            check(sum(done['skipped'].values()) == 1, f'{name}: {done}')
            station.run('archive.list', name)
        check_equal(os.listdir(outside), [], 'what came outside')
        check_equal(left(station), sorted([*evil, *(name[:-4] for name in evil)]), 'what is left')


def overlapping_zip(entries):
    """Every entry of the index is the same bytes (https://www.bamsoftware.com/hacks/zipbomb/)."""
    data = zlib.compressobj(9, zlib.DEFLATED, -15)
    plain = bytes(1 << 20)
    packed = data.compress(plain) + data.flush()
    about = struct.pack('<HHHHHIIIHH', 20, 0, 8, 0, 33, zlib.crc32(plain), len(packed), len(plain),
                        1, 0)
    out = b'PK\3\4' + about + b'0' + packed
    index = b''.join(b'PK\1\2\x14\3' + about + struct.pack('<HHHII', 0, 0, 0, 0, 0) + b'%x' % (n % 16)
                     for n in range(entries))
    return out + index + b'PK\5\6' + struct.pack('<HHHHIIH', 0, 0, entries, entries, len(index),
                                                 len(out), 0)


def many_entries(count):
    name = io.BytesIO()
    with tarfile.open(fileobj=name, mode='w') as archive:
        archive.addfile(tarfile.TarInfo('0000000'))
    header = bytearray(name.getvalue()[:512])
    squeeze = zlib.compressobj(1, zlib.DEFLATED, 31)
    parts = []
    for number in range(count):
        header[:7] = b'%07d' % number
        header[148:156] = b' ' * 8
        header[148:156] = b'%06o\0 ' % sum(header)
        parts.append(squeeze.compress(bytes(header)))
    return b''.join(parts) + squeeze.compress(bytes(1024)) + squeeze.flush()


def bombs_are_refused():
    with rig.Station() as station:
        zeros = bytes(64 << 20)
        flat = io.BytesIO()
        with zipfile.ZipFile(flat, 'w', zipfile.ZIP_DEFLATED) as archive:
            archive.writestr('zeros', zeros)
        nested = io.BytesIO()
        with zipfile.ZipFile(nested, 'w', zipfile.ZIP_DEFLATED) as archive:
            for number in range(16):
                archive.writestr(f'lib{number}.zip', flat.getvalue())
        squeeze = zlib.compressobj(9, zlib.DEFLATED, 31)
        endless = tarfile.TarInfo('endless')
        endless.size = 8 << 30
        gz = squeeze.compress(endless.tobuf() + zeros) + squeeze.flush()
        bombs = {'flat.zip': (flat.getvalue(), 'LimitExceeded', 'decompression bomb'),
                 'overlap.zip': (overlapping_zip(5000), 'InvalidInput', 'overlap'),
                 'endless.tar.gz': (gz, 'LimitExceeded', 'decompression bomb'),
                 'many.tar.gz': (many_entries(200_001), 'LimitExceeded', '200000 entries')}
        for name, (data, errtype, said) in bombs.items():
            (station.out / name).write_bytes(data)
            failure = station.fail('archive.extract', name, 'out')
            check(failure.final and failure.errtype == errtype and said in failure.message,
                  f'{name}: {failure}')
            check(not (station.out / 'out').exists(), name)
        # What is in an archive is not opened: sixteen files, and no more than they are.
        (station.out / 'nested.zip').write_bytes(nested.getvalue())
        done = station.run('archive.extract', 'nested.zip', 'out')
        check_equal((done['files'], done['bytes']), (16, 16 * len(flat.getvalue())), 'nested')
        check_equal(left(station), sorted([*bombs, 'nested.zip', 'out']), 'what is left')


def damaged_and_encrypted_archives_fail_for_good():
    seven, = rig.needs('7z')
    with rig.Station() as station:
        for sample in SAMPLES:
            data = (DATA / sample).read_bytes()
            for name, broken in (('cut', data[:len(data) * 2 // 3]),
                                 ('flipped', data[:900] + bytes([data[900] ^ 1]) + data[901:])):
                (station.out / name).write_bytes(broken)
                failure = station.fail('archive.extract', name, 'out')
                check(failure.final and failure.errtype in ('CorruptInput', 'InvalidInput'),
                      f'{name} {sample}: {failure}')
        for name, flags in (('secret.7z', ['-mhe=on']), ('secret2.7z', []),
                            ('secret.zip', ['-tzip'])):
            says(seven, 'a', '-psecret', *flags, station.out / name, DATA / 'texts/lighthouse.txt')
            failure = station.fail('archive.extract', name, 'out')
            check(failure.final and 'ncrypted' in failure.message, f'{name}: {failure}')
        check(not (station.out / 'out').exists(), 'nothing extracted')
        says(seven, 'a', station.out / 'good.7z', DATA / 'texts')
        station.run('archive.extract', 'good.7z', 'good')
        same_tree(station.out / 'good/texts', DATA / 'texts')


if __name__ == '__main__':
    run_tests(samples_are_listed_and_extracted, others_read_what_is_packed, what_others_pack_is_read,
              names_and_links_do_not_lead_out, bombs_are_refused,
              damaged_and_encrypted_archives_fail_for_good)
