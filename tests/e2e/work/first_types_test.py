#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The types that calculate, through a real server and worker; results compared with Python's."""

import math

import rig
from harness import run_tests, sluice
from rig import check, check_equal


def numbers():
    with rig.Station() as station:
        primes = station.run('math.primes', 1, 1000, {'list': 3})
        check_equal((primes['count'], primes['last'], primes['primes']), (168, 997, [2, 3, 5]),
                    'primes up to 1000')
        check_equal(station.run('math.factorial', 100)['value'], str(math.factorial(100)), '100!')
        failure = station.fail('math.factorial', -1)
        check(failure.final and failure.errtype == 'InvalidArguments' and '`n`' in failure.message,
              failure)


def every_type_is_run_by_one_of_these_tests():
    """Looks for its name, in quotes or pushed by a shell, in the sources of the end-to-end tests."""
    tests = ''.join(path.read_text() for path in (rig.ROOT / 'tests' / 'e2e').rglob('*_test.py'))
    known = [one['name'] for one in sluice('types', '--json').json]
    check(len(known) > 45, f'{len(known)} types')
    check_equal([name for name in known if f"'{name}'" not in tests], [], 'types without a test')


if __name__ == '__main__':
    run_tests(numbers, every_type_is_run_by_one_of_these_tests)
