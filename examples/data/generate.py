#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the sample data that the demo and the tests run on.

Deterministic: the same Python gives the same bytes every time (own generator, no clock, no
dictionary of the machine). Run it in this folder after changing it, and commit what it writes.
Every text here was written for this project and is in the public domain.
"""
import gzip
import io
import json
import os
import shutil
import struct
import subprocess
import sys
import tarfile
import zipfile
import zlib

MADE = 1767323046  # 2026-01-02T03:04:06Z: the time of entries in archives
FOLDER = os.path.dirname(os.path.abspath(__file__))


class Dice:
    """A small generator of our own, so that no Python version changes the data (splitmix64)."""

    def __init__(self, seed):
        self.state = seed

    def next(self):
        self.state = (self.state + 0x9E3779B97F4A7C15) % 2**64
        z = self.state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) % 2**64
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) % 2**64
        return z ^ (z >> 31)

    def below(self, bound):
        return self.next() % bound

    def between(self, low, high):
        return low + self.below(high - low + 1)

    def pick(self, items):
        return items[self.below(len(items))]

    def chance(self, percent):
        return self.below(100) < percent


def write(path, data):
    full = os.path.join(FOLDER, path)
    os.makedirs(os.path.dirname(full), exist_ok=True)
    with open(full, "wb") as file:
        file.write(data if isinstance(data, bytes) else data.encode("utf-8"))


LIGHTHOUSE = """\
The Keeper's Winter

When the last boat of the year had gone, the keeper carried the lamp oil up the stairs, forty
tins of it, one tin at a time, and counted the steps as he always did, though he knew that there
were a hundred and twelve. From the gallery he could see the boat for an hour. Then the weather
closed, and there was nothing left to look at but the sea.

He was not a man who minded the sea. It asked no questions, and it answered none; and in the
twenty-two winters that he had kept the light he had learned its manners as one learns the
manners of a neighbour, without ever being asked inside. In the first week he mended the nets. In
the second he painted the door of the oil store, blue, because there was only blue. In the third
the wind went round to the north-east and stayed there.

"You will want to write to your sister," said the keeper to himself, aloud, for the sound of it;
and he took out the paper and the pen. But what was there to say? The light had been lit at dusk
and put out at dawn. A bird had broken the third pane on the weather side, and he had mended it
with board. The well was sweet. He wrote these things down one under the other, and when they were
written they looked like the log, so he copied them into the log, and put the letter away.

It was on the fortieth night that he heard the bell. There is a bell on the Carrick shoal, four
miles off, and in a south wind one may hear it; but the wind was in the north-east, and no bell on
earth can be heard against that. He went up. He stood on the gallery with his hand on the rail,
and the light went round above him, and the snow came through the beam like sparks, and between
two gusts he heard it again: not the slow stroke of the shoal, but quick, a ship's bell, rung by
somebody who did not mean to stop.

A keeper has no boat in winter. That is the rule, and there is sense in it, for a keeper who is
drowned keeps no light. He has only the light, and the horn, and the rockets in their box. He
fired the rockets. He lit the small lamp in the landward window too, which nobody had ever asked
for, and which could be seen from nowhere but the channel between the island and the skerry; and
then he went down to the landing with a rope, because it was the only thing that he could think
of, and made it fast, and waited.

They came in at four in the morning, eleven men and a boy in a boat made for eight. They had
steered, the mate said, by the little lamp. They had seen the great light for hours, of course;
everybody sees the great light. But the great light only tells you where the rock is. It was the
little one that told them where the door was.

The keeper put the kettle on. In the log for that night it says: "Wind N.E., snow. Light good
throughout. Twelve guests." And under it, in another ink, as if he had come back to the page some
days later and found that it was not complete: "Lit also the small lamp. Will light it again."
"""

ORCHARD = """\
On the Pruning of Old Trees

It is commonly said that an old apple tree cannot be taught, and it is true that it will not be
hurried. Whoever comes to it with a saw in the first warm week of March, and takes away in one
afternoon what the tree has been twenty years in deciding, will have for his trouble a thicket of
straight green rods by midsummer, and no apples. The tree is not being stubborn. It had a balance
between what is below the ground and what is above, and it means to have it back.

Take, therefore, a third of what you mean to take, and come again next year. Take first what is
dead; then what is broken; then of two branches that rub the one that grows inward. Stand back
after every cut. It costs nothing to stand back. When you no longer know what to take, you have
finished, and the remaining hour is better spent upon the edge of the saw.

The cut itself should be neither flush with the trunk nor leave a peg. There is a collar where the
branch begins, a little swelling like the cuff of a sleeve, and just outside of it the tree has
already prepared the place where it can close a wound. One learns to see it. After that one sees
it everywhere, and cannot pass a street tree that was cut by the council without a kind of pain.

My grandfather, who planted these, used to say that one prunes for light, so that a thrush may
fly through the crown without folding its wings. I have measured nothing so carefully in my life
as I have measured those trees against that thrush. She has never once been seen to try it. But
the apples are red on the inside of the tree as well as on the outside, and I believe that this is
what he meant.
"""

GERMAN = """\
Über die Geduld der Flüsse

Der Fluß kommt nicht zu spät. Er hat kein Ziel, das er verfehlen könnte, und wenn man ihn fragt,
wohin er will, so zeigt er bloß bergab. Früher stand an der Biegung eine Mühle; heute stehen dort
drei Weiden, und die Müllerin, eine ältere Dame mit weißem Haar, verkauft Honig und Äpfel.
„Größer wird er nicht mehr“, sagt sie über den Fluß, „aber älter, das können wir alle.“
"""

FRENCH_LATIN1 = """\
Cher Monsieur,

Votre lettre du 3 février m'est arrivée hier, à travers la neige. La récolte a été bonne, malgré
les gelées tardives : nous avons mis en réserve quarante tonneaux de cidre, et l'été prochain vous
goûterez celui de la côte, s'il plaît à Dieu. Ma sœur Héloïse vous embrasse. Où êtes-vous logé ?
Écrivez-nous dès que le dégel sera là.

Votre dévoué, Étienne Lefèvre
""".replace("sœur", "soeur")

GREEK = """\
Η θάλασσα και το φως

Το πρωί η θάλασσα ήταν ήσυχη. Ο φύλακας του φάρου ανέβηκε τα σκαλιά, ένα ένα, και έσβησε το φως.
«Καλημέρα», είπε στη θάλασσα· και η θάλασσα, όπως πάντα, δεν απάντησε.
"""

CYRILLIC = """\
Снег над рекой

Утром выпал снег. Старый паромщик вышел на берег, посмотрел на другую сторону и сказал: "Подождём".
Он ждал тридцать лет и знал, что река никуда не денется.
"""

SUBJECTS = ["the ferryman", "a clerk of the customs house", "my aunt", "the second engineer",
            "the schoolmaster", "a boy from the rope walk", "the widow Tregarth", "the surveyor",
            "an old pilot", "the printer's apprentice", "the doctor", "nobody in the town",
            "the whole crew", "the baker's daughter", "Captain Orme", "the organ builder"]
VERBS = ["remembered", "had never spoken of", "carried away", "sold", "kept a list of", "mended",
         "would not part with", "painted", "was afraid of", "waited for", "wrote down",
         "had counted", "dreamed about", "laughed at", "understood", "buried", "measured"]
OBJECTS = ["the tide tables", "a broken compass", "eleven brass buttons", "the north road",
           "the letters from Lisbon", "a wooden leg", "the sound of the weir", "the key to the gate",
           "a map without names", "the winter of the great frost", "three barrels of lime",
           "the lantern on the quay", "his brother's watch", "the colour of the river",
           "a debt of nine shillings", "the bell that had cracked", "the herring years"]
PLACES = ["at the end of the mole", "behind the chapel", "in the back room of the Anchor",
          "on the way to market", "under the railway bridge", "in a house with green shutters",
          "between two ebb tides", "in the reading room", "among the drying nets",
          "on the far side of the canal", "above the cooper's shop"]
TIMES = ["That evening", "Before the war", "Every Michaelmas", "In the wet spring",
         "Long afterwards", "On the third day", "When the mail was late", "Toward midnight",
         "As a rule", "For once", "Without any reason that I know of", "In those days"]
CLAUSES = ["which was thought remarkable", "and the rain went on", "though it cost more than it was worth",
           "because there was nothing else to do", "so that the dogs began to bark",
           "and this is the part that I can vouch for", "as anybody would have done",
           "while the kettle boiled", "and was not believed", "which explains the hole in the fence",
           "but only on Sundays", "and said so to the bishop's face"]


def sentence(dice):
    kind = dice.below(6)
    who, what, whom, where = (dice.pick(SUBJECTS), dice.pick(VERBS), dice.pick(OBJECTS),
                              dice.pick(PLACES))
    if kind == 0:
        text = f"{dice.pick(TIMES)} {who} {what} {whom}, {dice.pick(CLAUSES)}."
    elif kind == 1:
        text = f"{who} {what} {whom} {where}, {dice.pick(CLAUSES)}."
    elif kind == 2:
        text = f"It was said {where} that {who} {what} {whom}; {dice.pick(SUBJECTS)} denied it."
    elif kind == 3:
        text = f'"Is it true," asked {who}, "that {dice.pick(SUBJECTS)} {what} {whom}?"'
    elif kind == 4:
        text = f"{dice.pick(TIMES)}, {where}, there was still {whom}."
    else:
        text = f"{who} {what} {whom}, and {dice.pick(SUBJECTS)} {dice.pick(VERBS)} {dice.pick(OBJECTS)}."
    return text[0].upper() + text[1:]


def wrap(text, width=92):
    lines, line = [], ""
    for word in text.split():
        if line and len(line) + 1 + len(word) > width:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}".strip()
    return "\n".join(lines + [line])


def chronicle(seed, title, chapters, paragraphs):
    dice = Dice(seed)
    out = [title.upper(), ""]
    for chapter in range(1, chapters + 1):
        name = dice.pick(OBJECTS)
        out += ["", f"Chapter {chapter}: {name[0].upper()}{name[1:]}", ""]
        for _ in range(paragraphs):
            out += [wrap(" ".join(sentence(dice) for _ in range(dice.between(3, 8)))), ""]
    return "\n".join(out)


def texts():
    write("texts/logbook.md", LOGBOOK)
    write("texts/lighthouse.txt", LIGHTHOUSE)
    write("texts/orchard.txt", ORCHARD)
    write("texts/geduld.txt", GERMAN)
    write("texts/greek.txt", GREEK)
    write("texts/snow-koi8r.txt", CYRILLIC.encode("koi8-r"))
    write("texts/latin1-letter.txt", FRENCH_LATIN1.encode("iso-8859-1"))
    write("texts/orchard-crlf.txt", ORCHARD.replace("\n", "\r\n"))
    write("texts/geduld-utf16.txt", b"\xff\xfe" + GERMAN.encode("utf-16-le"))
    write("texts/chronicle-of-the-harbour.txt",
          chronicle(11, "A Chronicle of the Harbour", 24, 26))
    write("texts/the-herring-years.txt", chronicle(12, "The Herring Years", 12, 20))


PATHS = ["/", "/index.html", "/about", "/style.css", "/app.js", "/logo.svg", "/api/orders",
         "/api/orders/{n}", "/api/search?q={w}", "/blog/{w}", "/downloads/{w}.zip", "/robots.txt",
         "/favicon.ico", "/wp-login.php", "/images/{n}.jpg"]
WORDS = ["compass", "harbour", "lantern", "apple", "winter", "river", "mole", "weir", "bell"]
AGENTS = ["Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
          "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
          "Chrome/126.0.0.0 Safari/537.36",
          "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, "
          "like Gecko) Version/17.5 Mobile/15E148 Safari/604.1",
          "curl/7.88.1", "ExampleBot/2.1 (+https://example.org/bot)", "-"]


LOGBOOK = """\
# The Keeper's Logbook

Written *by hand*, and **copied** in the harbour office. Weather from <https://harbour.example/>.

| Day | Wind | Oil, tins |
|-----|------|----------:|
| 1   | NW   | 3         |
| 2   | N    | 4         |

- [x] lamp trimmed
- [ ] glass cleaned

~~No boat.~~ A boat, at dusk: [the mail](https://harbour.example/mail).

<script>alert("not from this page")</script>

[Do not follow](javascript:alert(1))
"""


def events(seed, count):
    dice = Dice(seed)
    lines = []
    for number in range(count):
        city = dice.pick(["Aberdeen", "Lisboa", "Malmö", "Zürich, West"])
        note = '' if dice.chance(70) else ',"note":' + dice.pick(['null', '""', '"a \\"quoted\\" one"'])
        lines.append(f'{{"id":{1000 + number},"at":{{"city":"{city}","berth":{dice.below(9)}}},'
                     f'"weight":{dice.below(100000) / 100},"tags":["in","b{dice.below(4)}"]{note}}}')
    return "\n".join(lines) + "\n"


def access_log(seed, count, day):
    dice = Dice(seed)
    second = 0
    lines = []
    for _ in range(count):
        second += dice.below(2 * 86400 // count + 1)
        second = min(second, 86399)
        clock = f"{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}"
        path = dice.pick(PATHS).replace("{n}", str(dice.between(1, 900)))
        path = path.replace("{w}", dice.pick(WORDS))
        method = "POST" if path == "/api/orders" and dice.chance(60) else "GET"
        status = 200
        if path == "/wp-login.php" or dice.chance(3):
            status = 404
        elif dice.chance(2):
            status = dice.pick([500, 502, 503])
        elif dice.chance(12):
            status = 304
        size = "-" if status == 304 else str(dice.between(180, 48000))
        user = "-" if dice.chance(95) else dice.pick(["anna", "bela", "chen"])
        address = f"203.0.113.{dice.between(1, 80)}" if dice.chance(70) else \
                  f"2001:db8::{dice.between(1, 4096):x}"
        referer = "-" if dice.chance(60) else f"https://example.org/blog/{dice.pick(WORDS)}"
        lines.append(f'{address} - {user} [{day}:{clock} +0000] "{method} {path} HTTP/1.1" '
                     f'{status} {size} "{referer}" "{dice.pick(AGENTS)}"')
    return "\n".join(lines) + "\n"


def timed_log(seed, count):
    """The combined format with nginx's request time at the end."""
    dice = Dice(seed)
    lines = access_log(seed, count, "16/Jul/2026").splitlines()
    return "".join(f"{line} {dice.between(1, 90 if dice.chance(95) else 4000) / 1000:.3f}\n"
                   for line in lines)


COMPLAINTS = ["disk {} is full", "no answer from {} within 5 s", "order {} has no customer"]


def service_log(seed, count, form):
    """Requests and what went wrong, one line each, in a form of its own."""
    dice = Dice(seed)
    lines = []
    for number in range(count):
        second = number * 86400 // count + dice.below(60)
        stamp = f"2026-07-17T{second // 3600 % 24:02}:{second // 60 % 60:02}:{second % 60:02}Z"
        bad = dice.chance(4)
        line = {"ts": stamp, "level": "error" if bad else dice.pick(["info", "info", "debug"]),
                "msg": dice.pick(COMPLAINTS).format(dice.below(400)) if bad else "request",
                "method": dice.pick(["GET", "GET", "POST"]),
                "path": dice.pick(["/api/orders", "/api/items", "/health", "/login"]),
                "status": dice.pick([500, 502, 503]) if bad else dice.pick([200, 200, 201, 404]),
                "bytes": dice.between(20, 9000), "duration_ms": dice.between(1, 400)}
        lines.append(form(line))
    lines.insert(count // 2, "-- the log was rotated --")
    return "\n".join(lines) + "\n"


def json_line(line):
    return json.dumps(line, separators=(",", ":"))


def logfmt_line(line):
    return " ".join(f'{name}="{value}"' if " " in str(value) else f"{name}={value}"
                    for name, value in line.items())


def syslog(seed, count):
    """RFC 5424."""
    dice = Dice(seed)
    lines = []
    for number in range(count):
        second = number * 7200 // count
        stamp = f"2026-07-18T{8 + second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}.{dice.below(1000):03}Z"
        severity = dice.pick([6, 6, 6, 5, 4, 3])
        text = dice.pick(COMPLAINTS).format(dice.below(99)) if severity < 5 else "unit started"
        data = dice.pick(["-", '[origin@1 ip="192.0.2.7"]', '[a@1 k="v \\"]\\""][b@1]'])
        lines.append(f"<{8 * 3 + severity}>1 {stamp} {dice.pick(['mole', 'quay', 'weir'])} "
                     f"{dice.pick(['sshd', 'cron', 'disks'])} {dice.between(100, 9999)} - {data} {text}")
    return "\n".join(lines) + "\n"


def logs():
    write("logs/events.jsonl", events(23, 400))
    write("logs/access.log", access_log(21, 3000, "14/Jul/2026"))
    write("logs/access-small.log", access_log(22, 400, "15/Jul/2026"))
    write("logs/timed.log.gz", gzip.compress(timed_log(23, 2500).encode(), 9, mtime=0))
    write("logs/service.jsonl", service_log(24, 900, json_line))
    write("logs/worker.logfmt", service_log(25, 700, logfmt_line))
    write("logs/machines.syslog", syslog(26, 600))


CITIES = ["Lisboa", "København", "Łódź", "Zürich", "Aberdeen", "Malmö", "Nantes", "Ostrava"]
ITEMS = ["Rope, hemp, 10 m", "Lantern \"Carrick\"", "Tide tables 2026", "Apple cider 0.75 l",
         "Brass button", "Map of the northern coast", "Oil, lamp", "Net, herring"]


def field(text):
    if any(mark in text for mark in ',"\n'):
        return '"' + text.replace('"', '""') + '"'
    return text


def orders(seed, count):
    dice = Dice(seed)
    lines = ["order_id,day,customer,city,item,quantity,price,paid,note"]
    for number in range(1, count + 1):
        day = f"2026-{dice.between(1, 12):02}-{dice.between(1, 28):02}"
        note = ""
        if dice.chance(8):
            note = dice.pick(["Leave at the door", "Call first, please", "Gift:\nno invoice",
                              'Write "Carrick" on the box', "NULL"])
        price = f"{dice.between(150, 19900) / 100:.2f}" if not dice.chance(2) else "NA"
        lines.append(",".join([str(100000 + number), day, f"C{dice.between(1, 700):04}",
                               field(dice.pick(CITIES)), field(dice.pick(ITEMS)),
                               str(dice.between(1, 12)), price,
                               "true" if dice.chance(90) else "false", field(note)]))
    return "\n".join(lines) + "\n"


def sensors(seed, count):
    dice = Dice(seed)
    level = {name: 1500 + 300 * index for index, name in enumerate("ABCDE")}
    lines = ["time,sensor,temperature,humidity,battery"]
    for number in range(count):
        name = "ABCDE"[number % 5]
        level[name] += dice.between(-20, 20)
        minute = number // 5
        stamp = f"2026-07-{1 + minute // 1440:02}T{minute // 60 % 24:02}:{minute % 60:02}:00Z"
        humidity = "" if dice.chance(4) else str(dice.between(20, 95))
        lines.append(f"{stamp},{name},{level[name] / 100:.2f},{humidity},"
                     f"{3.6 - number / count:.3f}")
    return "\n".join(lines) + "\n"


def tables():
    write("tables/orders.csv", orders(31, 6000))
    write("tables/sensors.csv", sensors(32, 9000))
    write("tables/cities-semicolon.csv",
          "name;country;people\r\nLisboa;PT;545796\r\nZürich;CH;421878\r\nMalmö;SE;357377\r\n")
    write("tables/cities.csv",
          "city,country,people\nLisboa,PT,545796\nKøbenhavn,DK,660842\nŁódź,PL,655279\n"
          "Zürich,CH,421878\nAberdeen,GB,198590\nMalmö,SE,357377\nOslo,NO,717710\n")
    write("tables/without-header.csv", "1,one\n2,two\n3,three\n")
    write("tables/ragged.csv", "a,b,c\n1,2,3\n4,5\n6,7,8,9\n")
    write("tables/broken-quotes.csv", "a,b\n1,\"never closed\n2,x\n")


def archive():
    old = orders(33, 1500).encode()
    write("archive/orders-2025.csv.gz", gzip.compress(old, 9, mtime=0))
    chapter = chronicle(13, "A Lost Volume", 6, 12).encode()
    if shutil.which("zstd") is None:
        sys.exit("the zstd program is needed to write archive/lost-volume.txt.zst")
    packed = subprocess.run(["zstd", "-q", "-19", "--no-progress", "-c"], input=chapter,
                            stdout=subprocess.PIPE, check=True).stdout
    write("archive/lost-volume.txt.zst", packed)
    files = {"harbour/lighthouse.txt": LIGHTHOUSE.encode(),
             "harbour/tables/ragged.csv": b"a,b,c\n1,2,3\n4,5\n6,7,8,9\n",
             "harbour/empty.txt": b""}
    write("archive/harbour.tar.gz", gzip.compress(tar(files), 9, mtime=0))
    write("archive/harbour.zip", zipped(files))
    write("archive/harbour.7z", seven_zip(files))


def tar(files):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mtime = len(data), MADE
            archive.addfile(entry, io.BytesIO(data))
        link = tarfile.TarInfo("harbour/keeper.txt")
        link.type, link.linkname, link.mtime = tarfile.SYMTYPE, "lighthouse.txt", MADE
        archive.addfile(link)
    return out.getvalue()


def zipped(files):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, data in files.items():
            entry = zipfile.ZipInfo(name, (2026, 1, 2, 3, 4, 6))
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o100644 << 16
            archive.writestr(entry, data)
    return out.getvalue()


def seven_zip(files):
    """The least that is a 7z archive: everything stored, the index not compressed."""
    def number(value):
        # One byte says by its leading ones how many follow.
        for extra in range(8):
            if value < 1 << (7 * (extra + 1)):
                first = 0xFF << (8 - extra) & 0xFF | value >> (8 * extra)
                return bytes([first]) + (value & (1 << (8 * extra)) - 1).to_bytes(extra, "little")
        return b"\xff" + value.to_bytes(8, "little")

    full = [data for data in files.values() if data]
    packed = b"".join(full)
    names = b"".join((name + "\0").encode("utf-16-le") for name in files)
    bits = sum(0x80 >> i for i, data in enumerate(files.values()) if not data)
    streams = (b"\x04\x06" + number(0) + number(1) + b"\x09" + number(len(packed)) + b"\x00"
               + b"\x07\x0b" + number(1) + b"\x00" + number(1) + b"\x01\x00"
               + b"\x0c" + number(len(packed)) + b"\x00"
               + b"\x08\x0d" + number(len(full))
               + b"\x09" + b"".join(number(len(data)) for data in full[:-1])
               + b"\x0a\x01" + b"".join(struct.pack("<I", zlib.crc32(d)) for d in full)
               + b"\x00\x00")
    about = (b"\x05" + number(len(files)) + b"\x0e" + number(1) + bytes([bits])
             + b"\x0f" + number(1) + b"\x80"
             + b"\x11" + number(len(names) + 1) + b"\x00" + names + b"\x00")
    header = b"\x01" + streams + about + b"\x00"
    start = struct.pack("<QQI", len(packed), len(header), zlib.crc32(header))
    return (b"7z\xbc\xaf\x27\x1c\x00\x04" + struct.pack("<I", zlib.crc32(start)) + start
            + packed + header)


def png(width, height, colour_type, rows, depth=8):
    """A PNG (RFC 2083) of rows of bytes, each without its filter byte."""
    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    # Filter 2, the difference from the row above, suits pictures without hard edges.
    before, packed = bytes(len(rows[0])), bytearray()
    for row in rows:
        packed += b"\x02" + bytes((now - up) & 255 for now, up in zip(row, before))
        before = row
    header = struct.pack(">IIBBBBB", width, height, depth, colour_type, 0, 0, 0)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header)
            + chunk(b"IDAT", zlib.compress(bytes(packed), 9)) + chunk(b"IEND", b""))


def ridge(dice, width, base, swing):
    """The outline of a range of hills: a height for each column, in whole numbers."""
    points = [base + dice.between(-swing, swing) for _ in range(width // 40 + 3)]
    outline = []
    for x in range(width):
        at, part = divmod(x, 40)
        outline.append((points[at] * (40 - part) + points[at + 1] * part) // 40)
    return outline


def harbour(width=480, height=320):
    """An evening at sea: a sky with a sun, two ranges of hills, water with waves."""
    dice = Dice(41)
    far, near = ridge(dice, width, 150, 18), ridge(dice, width, 182, 14)
    rows = []
    for y in range(height):
        row = bytearray()
        for x in range(width):
            grain = dice.below(5)
            sun = (x - 330) ** 2 + (y - 96) ** 2
            if y > 210:
                wave = 14 if (x * 7 + y * y * 3) % 53 < 9 else 0
                colour = (40 + wave, 66 + (y - 210) // 4 + wave, 104 + wave)
            elif y > near[x]:
                colour = (34, 52, 40)
            elif y > far[x]:
                colour = (84, 88, 112)
            elif sun < 900:
                colour = (250, 226, 150)
            else:
                glow = max(0, 60 - sun // 160)
                colour = (150 + y // 4 + glow // 2, 120 + y // 4 + glow // 3, 130 - y // 8)
            row += bytes(min(255, part + grain) for part in colour)
        rows.append(bytes(row))
    return png(width, height, 2, rows)


def badge(side=96):
    """A ring on a transparent ground."""
    rows = []
    for y in range(side):
        row = bytearray()
        for x in range(side):
            distance = (2 * x + 1 - side) ** 2 + (2 * y + 1 - side) ** 2
            inside = 50 ** 2 < distance < 90 ** 2
            row += bytes((200, 40 + y, 30 + x, 255 if inside else 0))
        rows.append(bytes(row))
    return png(side, side, 6, rows)


def depth_map(side=64):
    """Grey of 16 bits: a cone."""
    rows = []
    for y in range(side):
        far = [(2 * x + 1 - side) ** 2 + (2 * y + 1 - side) ** 2 for x in range(side)]
        rows.append(b"".join(struct.pack(">H", max(0, 65535 - 8 * d)) for d in far))
    return png(side, side, 0, rows, depth=16)


def images():
    """The PNG files. The others were made of harbour.png, once, with libvips 8.14 (harbour.jpg also
    with an EXIF block: orientation 6, so that it is stored lying on its side)."""
    write("images/harbour.png", harbour())
    write("images/badge.png", badge())
    write("images/depth16.png", depth_map())


if __name__ == "__main__":
    texts()
    images()
    logs()
    tables()
    archive()
