#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The types that calculate, through a real server and worker; results compared with Python's."""

import math

import rig
from harness import run_tests
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


if __name__ == '__main__':
    run_tests(numbers)
