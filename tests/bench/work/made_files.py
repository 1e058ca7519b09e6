# SPDX-License-Identifier: Apache-2.0
"""The files that compare.py works on, made here and the same every time: a table, an access log, a
text, and a photograph of noise and gradients as PNG. Python's standard library only; a few seconds."""

import random
import struct
import zlib

MIB = 1 << 20
POOL = 20_000


def write_lines(path, size, first, lines_of):
    """Batches of lines until there are so many bytes."""
    with open(path, 'w', encoding='ascii') as file:
        file.write(first)
        written, batch = len(first), 0
        while written < size:
            text = lines_of(batch)
            file.write(text)
            written += len(text)
            batch += 1


def make_csv(path, size):
    """Orders: number, date, customer, town, amount, paid."""
    dice = random.Random(1)
    ends = [f',2026-{dice.randint(1, 12):02}-{dice.randint(1, 28):02},customer '
            f'{dice.randint(1, 50_000)},Town {dice.randint(1, 500)},{dice.randint(100, 999_999) / 100:.2f}'
            f',{dice.choice(("yes", "no", ""))}\n' for _ in range(POOL)]

    def lines_of(batch):
        return ''.join(f'{batch * POOL + i}{end}'
                       for i, end in enumerate(dice.choices(ends, k=POOL), 1))
    write_lines(path, size, 'order,date,customer,town,amount,paid\n', lines_of)


def make_log(path, size):
    """Requests in the combined format, a hundred in a second."""
    dice = random.Random(2)
    agents = ('Mozilla/5.0 (X11; Linux x86_64)', 'curl/8.5.0', 'Googlebot/2.1')
    hosts = [f'10.{dice.randint(0, 3)}.{dice.randint(0, 255)}.{dice.randint(1, 254)} - - ['
             for _ in range(POOL)]
    ends = [f' +0000] "GET /page/{dice.randint(1, 2000)} HTTP/1.1" '
            f'{dice.choice((200, 200, 200, 200, 304, 404, 500))} {dice.randint(100, 90_000)} "-" '
            f'"{dice.choice(agents)}"\n' for _ in range(POOL)]

    def lines_of(batch):
        seconds = range(batch * POOL // 100, (batch + 1) * POOL // 100)
        times = [f'{1 + s // 86_400 % 28:02}/Nov/2026:{s // 3600 % 24:02}:{s // 60 % 60:02}:{s % 60:02}'
                 for s in seconds for _ in range(100)]
        return ''.join(host + time + end for host, time, end in
                       zip(dice.choices(hosts, k=POOL), times, dice.choices(ends, k=POOL)))
    write_lines(path, size, '', lines_of)


def make_text(path, size):
    """Words of a made-up language with the frequencies of a real one."""
    dice = random.Random(3)
    words = [''.join(dice.choices('abcdefghijklmnoprstuvw', k=dice.randint(2, 10)))
             for _ in range(POOL)]
    sums, total = [], 0.0
    for rank in range(POOL):
        total += 1 / (rank + 1)
        sums.append(total)
    lines = [' '.join(dice.choices(words, cum_weights=sums, k=12)) + '\n' for _ in range(POOL)]
    write_lines(path, size, '', lambda _: ''.join(dice.choices(lines, k=POOL)))


def make_png(path, width, height):
    """8 bits RGB; the noise keeps it from shrinking to nothing."""
    dice = random.Random(4)
    shades = [bytes((shade + (value & 31)) & 255 for value in range(256)) for shade in range(256)]
    grains = [dice.randbytes(3 * width) for _ in range(64)]
    packer, packed = zlib.compressobj(1), []
    for y in range(height):
        packed.append(packer.compress(b'\0' + grains[y % 64].translate(shades[224 * y // height])))
    packed.append(packer.flush())

    def chunk(kind, data):
        return (struct.pack('>I', len(data)) + kind + data +
                struct.pack('>I', zlib.crc32(kind + data)))
    with open(path, 'wb') as file:
        file.write(b'\x89PNG\r\n\x1a\n' +
                   chunk(b'IHDR', struct.pack('>IIBBBBB', width, height, 8, 2, 0, 0, 0)) +
                   chunk(b'IDAT', b''.join(packed)) + chunk(b'IEND', b''))


# name -> how it is made, in about so many MiB
FILES = {
    'orders.csv': lambda path, mib: make_csv(path, mib * MIB),
    'access.log': lambda path, mib: make_log(path, mib * MIB),
    'words.txt': lambda path, mib: make_text(path, mib * MIB),
    # Noise of five bits in a byte: about 2 bytes a pixel.
    'photo.png': lambda path, mib: make_png(path, 4096, 4096 * mib // 32),
}


def make_files(folder, mib):
    """Makes what is not there yet; the sizes in bytes by name."""
    for name, make in FILES.items():
        path = folder / name
        if not path.exists():
            make(path.with_suffix('.part'), mib)
            path.with_suffix('.part').rename(path)
    return {name: (folder / name).stat().st_size for name in FILES}
