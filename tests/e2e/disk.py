# SPDX-License-Identifier: Apache-2.0
"""A small file system of its own for a test, in a mount namespace of its own: whatever happens to
the test, nothing stays mounted. ext4 in an image where the test runs as root and there are loop
devices, tmpfs otherwise."""

import contextlib
import fcntl
import os
import pathlib
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import threading

import harness

EXT4_IOC_SHUTDOWN = 0x8004587D
WITHOUT_FLUSH = 2  # what is in the journal alone is lost as well
MKFS = shutil.which('mkfs.ext4', path=os.environ.get('PATH', '') + ':/usr/sbin:/sbin')
MARK = 'SLUICE_TEST_NAMESPACE'


def enter_namespace():
    """Starts this program again where it may mount; says so and ends where that cannot be had."""
    if os.environ.get(MARK):
        return
    words = ['unshare', '--mount'] if os.geteuid() == 0 else ['unshare', '--map-root-user', '--mount']
    tried = subprocess.run([*words, 'true'], capture_output=True, text=True, check=False) \
        if shutil.which('unshare') else None
    if tried is None or tried.returncode != 0:
        why = tried.stderr.strip() if tried else 'unshare (util-linux) is not installed'
        harness.cannot_run('a mount namespace needs root or user namespaces, and a / that is a mount '
                           f'point: {why}')
    os.environ[MARK] = 'root' if os.geteuid() == 0 else 'user'
    os.execvp(words[0], [*words, sys.executable, *sys.argv])


class Disk:
    """A file system with room for `size` bytes at `place`, until the end of the context. One whose
    power is cut is ext4; where that cannot be had the test ends."""

    def __init__(self, size, *, power_is_cut=False):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix='sluice-disk-'))
        self.place = self.folder / 'disk'
        self.place.mkdir()
        self.filler = self.place / 'zeros'
        why = self._make_ext4(size)
        if why and power_is_cut:
            self._remove()
            harness.cannot_run(f'cutting the power of a disk needs ext4 on a loop device: {why}')
        if why:
            harness.leave_out(f'on a tmpfs only, not on ext4 on a loop device: {why}')
            run('mount', '-t', 'tmpfs', '-o', f'size={size}', 'tmpfs', self.place)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._remove()

    def _make_ext4(self, size):
        """Mounts it; or why it cannot be had here."""
        if os.environ[MARK] != 'root':
            return 'needs root'
        if not MKFS:
            return 'not installed: e2fsprogs'
        image = self.folder / 'image'
        with open(image, 'wb') as file:
            file.truncate(size)
        run(MKFS, '-q', '-F', '-m', '0', image)
        try:
            self._mount()
        except subprocess.CalledProcessError as error:
            image.unlink()
            said = error.stderr.decode(errors='replace').replace(f'{self.place}: ', '')
            return ' '.join(said.split())
        return ''

    def _mount(self):
        run('mount', '-o', 'loop', self.folder / 'image', self.place)

    def cut(self, process):
        """The power: from now on nothing gets to the disk, and what is not yet there is lost. `process`
        (a subprocess.Popen) is stopped first and can only be killed. It must not see the cut: while an
        ext4 shuts down, fdatasync gives success for what is lost (71 of 700 cuts beside a program that
        does nothing but write and sync; 0 of 700 with that program stopped)."""
        harness.check(os.path.ismount(self.place), 'the disk is not mounted')
        process.send_signal(signal.SIGSTOP)
        harness.wait_until(lambda: stands_still(process.pid), 'the process is stopped')
        handle = os.open(self.place, os.O_RDONLY)
        try:
            fcntl.ioctl(handle, EXT4_IOC_SHUTDOWN, struct.pack('I', WITHOUT_FLUSH))
        finally:
            os.close(handle)

    def restore(self):
        """Power again after cut(), once nobody has a file open."""
        run('umount', self.place)
        self._mount()

    def free(self):
        found = os.statvfs(self.place)
        return found.f_bavail * found.f_frsize

    def fill(self, leave=0):
        """Takes all of its room but `leave` bytes, with a file of zeros. Gives what it took."""
        taken, piece = 0, bytes(1 << 20)
        with open(self.filler, 'ab', buffering=0) as file:
            while (room := self.free() - leave) > 0:
                try:
                    taken += file.write(piece[:min(room, len(piece))])
                    os.fdatasync(file.fileno())  # ext4 finds the blocks only now
                except OSError:
                    break
        return taken

    @contextlib.contextmanager
    def kept_full(self):
        """Every byte that anybody gives back meanwhile is taken as well."""
        done = threading.Event()

        def keep():
            while not done.is_set():
                self.fill()
                done.wait(0.01)
        self.fill()
        thread = threading.Thread(target=keep, daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()

    def give_back(self):
        self.filler.unlink(missing_ok=True)

    def _remove(self):
        subprocess.run(['umount', '-l', self.place], check=False, capture_output=True)
        shutil.rmtree(self.folder, ignore_errors=True)


def stands_still(pid):
    """No thread of it does anything but wait for the disk."""
    for stat in pathlib.Path(f'/proc/{pid}/task').glob('*/stat'):
        try:
            state = stat.read_text().rpartition(')')[2].split()[0]
        except FileNotFoundError:
            continue
        if state not in 'TtDZX':
            return False
    return True


def run(*words):
    subprocess.run([str(word) for word in words], check=True, capture_output=True)
