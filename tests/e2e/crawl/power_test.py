#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Power cuts on a file system of its own, then --resume: every page is there, once. The worst of them
is made on purpose: the store's log is on the disk, the outputs are not. Needs root (a loop device).

Usage: power_test.py [--cuts N] [--pages N] [--seed N]"""

import argparse
import os
import random
import shutil
import subprocess
import time

import kill_test
import made_site
import rig
import disk
from harness import check, run_one, wait_until

DISK_BYTES = 256 << 20


def write_log_first(crawl):
    """What the kernel may do at any time: the store's log goes to the disk before the outputs."""
    for log in (crawl.out / 'frontier').glob('*.log'):
        try:
            handle = os.open(log, os.O_RDONLY)
        except FileNotFoundError:
            continue  # the store has put what it held into a table meanwhile
        os.fdatasync(handle)
        os.close(handle)


def one_cut(rng, pages, power, folder):
    """Whether the log had got ahead of the outputs."""
    crawl = rig.Crawl(power.place / 'out')
    shutil.rmtree(crawl.out, ignore_errors=True)
    site = folder / 'site'
    uris = made_site.make_site(site, pages)
    with rig.Nginx(rig.static_site(site)) as nginx:
        # Between its syncs, which are long apart, everything is up to the kernel.
        process = crawl.start(nginx.url, *kill_test.crawl_words(pages * 2), '--sync',
                              rng.choice(('100ms', '1h')))
        moment = rng.randrange(20, pages)
        wait_until(lambda: nginx.request_count() >= moment or process.poll() is not None,
                   'the moment of the power cut')
        if rng.random() < 0.7:
            write_log_first(crawl)
        power.cut(process)
        process.kill()
        process.communicate(timeout=60)
        power.restore()
        if not (crawl.out / 'frontier' / 'CURRENT').exists():
            return False  # nothing of it was on the disk
        done = subprocess.run(crawl.words('--resume', *kill_test.crawl_words(100_000)),
                              capture_output=True, text=True, timeout=300, check=False)
        check(done.returncode == 0, f'--resume ended with {done.returncode}: {done.stderr[-1500:]}')
        kill_test.check_outputs(crawl, nginx.url, uris)
        return 'the end of the crawl was lost' in done.stderr


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--cuts', type=int, default=8)
    parser.add_argument('--pages', type=int, default=400)
    parser.add_argument('--seed', type=int, default=None)
    options = parser.parse_args()
    seed = options.seed if options.seed is not None else time.time_ns() % 1_000_000
    print(f'seed {seed}', flush=True)
    rng = random.Random(seed)
    with rig.Folder('power') as folder, disk.Disk(DISK_BYTES, power_is_cut=True) as power:
        cuts = ahead = 0
        # Which got to the disk first is the kernel's choice too: go on until it happened.
        while cuts < options.cuts or (ahead == 0 and cuts < 4 * options.cuts):
            ahead += one_cut(rng, options.pages, power, folder.path)
            cuts += 1
            print(f'ok    {cuts} power cuts so far, the log ahead of the outputs in {ahead}',
                  flush=True)
        check(ahead > 0, 'the log was never ahead of the outputs')


if __name__ == '__main__':
    rig.needs(('nginx-light', rig.NGINX))
    disk.enter_namespace()
    run_one(main)
