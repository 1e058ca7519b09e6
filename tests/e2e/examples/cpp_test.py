#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""examples/sdk, the producer and the worker in C++, as a project outside of Sluice with a real
server; built with CMake, and the producer also with pkg-config."""

import os
import pathlib
import shutil
import tempfile

import project
from harness import BIN, ROOT, check, check_equal, run_server_tests


def a_producer_and_a_worker_in_cpp(server):
    folder = pathlib.Path(tempfile.mkdtemp(prefix='sluice-cpp-'))
    try:
        prefix = project.install(folder)
        source = folder / 'project'
        shutil.copytree(ROOT / 'examples' / 'sdk', source)
        built = project.build(source, prefix)
        by_pkg_config = folder / 'by_pkg_config'
        found = next(prefix.rglob('sluice.pc')).parent
        flags = project.succeed('pkg-config', '--cflags', '--libs', 'sluice',
                                environment={'PKG_CONFIG_PATH': str(found)}).split()
        sanitize = os.environ.get('SANITIZE')
        project.succeed(os.environ.get('CXX', 'c++'), *([f'-fsanitize={sanitize}'] if sanitize else []),
                        source / 'producer.cpp', *flags, '-o', by_pkg_config)
        server.start()
        worker = project.Process(server, built / 'worker', server.url, name='worker')
        try:
            for producer in (built / 'producer', by_pkg_config):
                said = project.run(server, producer, server.url, 'harbour')
                check_equal(said, 'succeeded {"hello":"harbour"}\n', 'what the producer says')
            check('2 jobs done' in worker.stop(), 'the worker counts its jobs')
        finally:
            worker.close()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


check(BIN.is_dir(), f'no programs in {BIN}')
run_server_tests(a_producer_and_a_worker_in_cpp)
