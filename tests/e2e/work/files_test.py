#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The file types through a real server and worker, checked with sha256sum, b2sum, xz, zstd, gzip,
cat and file."""

import filecmp
import json
import subprocess

import rig
from harness import run_tests
from rig import DATA, check, check_equal

LOG = 'logs/access.log'


def says(*words):
    return subprocess.run([str(word) for word in words], check=True, capture_output=True).stdout


def digests_are_those_of_others():
    rig.needs('sha256sum', 'sha512sum', 'b2sum')
    with rig.Station() as station:
        done = station.run('file.hash', LOG, ['sha256', 'sha512', 'blake2b'])
        for name, program in (('sha256', 'sha256sum'), ('sha512', 'sha512sum'),
                              ('blake2b', 'b2sum')):
            check_equal(done[name], says(program, DATA / LOG).decode().split()[0], name)
        good = {'sha256': done['sha256'], 'blake2b': done['blake2b'].upper()}
        check(station.run('file.hash', LOG, {'expected': good})['checked'], 'checked')
        failure = station.fail('file.hash', LOG, {'expected': {'sha256': '0' * 64}})
        check(failure.final and failure.errtype == 'DigestMismatch', failure)


def compressed_files_are_read_by_others_and_theirs_here():
    rig.needs('gzip', 'xz', 'zstd')
    with rig.Station() as station:
        for ending, program in (('gz', 'gzip'), ('xz', 'xz'), ('zst', 'zstd')):
            packed = station.out / f'a.{ending}'
            station.run('file.compress', LOG, packed.name)
            check_equal(says(program, '-dc', packed), (DATA / LOG).read_bytes(), program)
            packed.write_bytes(says(program, '-9', '-c', DATA / LOG))
            done = station.run('file.decompress', packed.name, 'back')
            check(filecmp.cmp(station.out / 'back', DATA / LOG, shallow=False), program)
            check_equal(done['sha256'], says('sha256sum', DATA / LOG).decode().split()[0], program)
        (station.out / 'bomb.xz').write_bytes(subprocess.run(
            ['xz', '-9', '-c'], input=bytes(32 << 20), stdout=subprocess.PIPE, check=True).stdout)
        failure = station.fail('file.decompress', 'bomb.xz', 'bomb')
        check(failure.final and failure.errtype == 'LimitExceeded', failure)
        check(not (station.out / 'bomb').exists(), 'nothing of the bomb')


def what_is_split_is_joined_by_cat_and_by_us():
    with rig.Station() as station:
        for name, how in (('bytes', {'bytes': 100_000}), ('lines', {'lines': 1000})):
            done = station.run('file.split', LOG, name, how)
            parts = sorted((station.out / name).glob('part-*'))
            check_equal(len(parts), done['parts'], 'parts')
            check_equal(says('cat', *parts), (DATA / LOG).read_bytes(), name)
            manifest = json.loads((station.out / name / 'manifest.json').read_text())
            check_equal([part['sha256'] for part in manifest['parts']],
                        [says('sha256sum', part).decode().split()[0] for part in parts], name)
            station.run('file.join', done['manifest'], 'joined')
            check(filecmp.cmp(station.out / 'joined', DATA / LOG, shallow=False), name)
            (station.out / 'joined').unlink()
        parts[1].write_bytes(parts[1].read_bytes()[:-1] + b'?')
        failure = station.fail('file.join', 'lines/manifest.json', 'joined')
        check(failure.final and failure.errtype == 'CorruptInput' and 'part-00002' in failure.message,
              failure)
        check(not (station.out / 'joined').exists(), 'nothing joined')


def types_are_those_of_file():
    rig.needs('file')
    with rig.Station() as station:
        for path in ('archive/harbour.zip', 'archive/harbour.tar.gz', 'texts/greek.txt',
                     'texts/geduld-utf16.txt', 'tables/orders.csv', LOG):
            done = station.run('file.type', path)
            mime = says('file', '-b', '--mime', DATA / path).decode().strip()
            check_equal(f'{done["mime"]}; charset={done["encoding"]}', mime, path)
        (station.out / 'picture.png').write_bytes((DATA / 'archive/harbour.zip').read_bytes())
        check_equal(station.run('file.type', 'picture.png')['mime'], 'application/zip', 'a lie')


if __name__ == '__main__':
    run_tests(digests_are_those_of_others, compressed_files_are_read_by_others_and_theirs_here,
              what_is_split_is_joined_by_cat_and_by_us, types_are_those_of_file)
