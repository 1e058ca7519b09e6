#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Plays transcripts of the job port: exact bytes in, exact bytes out.

A transcript is a text file. Lines that begin with # are comments; the others are

  password: TEXT            the server has this password
  setting: NAME=VALUE       and this setting
  A connect                 opens the connection named A (any upper-case letter)
  A > TEXT                  sends TEXT and CR LF
  A >> TEXT                 sends TEXT with \\r \\n \\t \\\\ and \\xNN replaced, and nothing else
  A pours N                 sends N letters x and no line end
  A fills N > TEXT          sends a line of N bytes, and CR LF: TEXT with FILL in it replaced by as
                            many letters x as that takes
  A split N > TEXT          sends TEXT and CR LF in pieces of N bytes
  A proof PASSWORD ROUNDS TEXT
                            sends TEXT with PROOF in it replaced by the password hash for the last
                            greeting; ROUNDS is a number, or i for what the greeting said
  A < TEXT                  expects exactly TEXT and CR LF
  A $ TEXT                  expects a bulk string that is exactly TEXT
  A null                    expects $-1
  A took LOW..HIGH          expects that the last answer came so many seconds after the last request;
                            when it came later, the transcript is played again: a machine may be
                            slow once, but not each time
  A hurries SECONDS         where the server gives only so much time from "A connect" to here: when it
                            took longer, the transcript is played again, whatever went wrong
  A closed                  expects the end of the connection, with nothing before it, and closes
                            its own side
  A hangs up                closes the connection

In what is expected, <<kind>> stands for a time, an int, a num, hex digits or any text; <<name=kind>>
also remembers it, and <<name>> in what is sent is replaced by it. Usage: run.py [FILE…].

Every reply is also checked for what breaks some client whatever it is about (see README.md beside
this file).
"""

import hashlib
import json
import pathlib
import re
import socket
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import harness  # noqa: E402

KINDS = {
    'time': r'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z',
    'int': r'-?\d+',
    'num': r'-?\d+(?:\.\d+)?(?:e[-+]?\d+)?',
    'hex': r'[0-9a-f]+',
    'any': r'[^\r\n]*?',
}
PLACEHOLDER = re.compile(r'<<(?:(\w+)=)?(\w+)>>')
STEP = re.compile(r'^([A-Z]) (connect|>>|>|pours|fills|split|proof|<|\$|null|took|hurries|closed|hangs up)(?: (.*))?$')


def unescape(text):
    def one(match):
        word = match.group(1)
        return {'r': '\r', 'n': '\n', 't': '\t', '\\': '\\'}.get(word) or chr(int(word[1:], 16))
    return re.sub(r'\\(r|n|t|\\|x[0-9a-fA-F]{2})', one, text).encode('latin-1')


class TooSlow(Exception):
    """It took too long; perhaps because this machine is busy."""


class Player:
    def __init__(self, path, server):
        self.path, self.server = path, server
        self.connections, self.greetings, self.memory = {}, {}, {}
        self.asked, self.answered, self.opted_in = {}, {}, set()
        self.connected = {}

    def fill(self, text):
        return PLACEHOLDER.sub(lambda m: self.memory[m.group(2)], text)

    def pattern(self, text):
        out, at = '', 0
        for found in PLACEHOLDER.finditer(text):
            out += re.escape(text[at:found.start()])
            name, kind = found.groups()
            if name is None and kind in self.memory:
                out += re.escape(self.memory[kind])
            elif name:
                out += f'(?P<{name}>{KINDS[kind]})'
            else:
                out += KINDS[kind]
            at = found.end()
        return re.compile((out + re.escape(text[at:])).encode(), re.DOTALL)

    def match(self, found, text):
        matched = self.pattern(text).fullmatch(found)
        harness.check(matched, f'expected {text!r}\n    found    {found.decode("utf-8", "replace")!r}')
        self.memory.update((k, v.decode()) for k, v in matched.groupdict().items())

    def line(self, name):
        line = self.connections[name].file.readline()
        self.answered[name] = time.monotonic()
        harness.check(line.endswith(b'\r\n'), f'expected a line, found {line!r}')
        if line.startswith(b'+HI '):
            self.greetings[name] = json.loads(line[4:])
            harness.check(line.count(b' ') == 1, 'Node splits the greeting at its blanks')
        self.harms_nobody(name, line[:-2])
        return line[:-2]

    def harms_nobody(self, name, line):
        """The pitfalls that any reply could fall into; the clients that they break."""
        harness.check(line[:1] in b'+-$', f'Rust knows no reply that begins with {line[:1]!r}')
        harness.check(b'\r' not in line, 'Haskell: a CR inside a line')
        harness.check(len(line) <= 300, 'Elixir and others cut long lines off')
        if line[:1] != b'-':
            return
        harness.check(re.match(rb'-[A-Z]+ .', line), f'Ruby: an error is a word and a text: {line!r}')
        if name not in self.opted_in:
            harness.check(line.split()[0] in (b'-ERR', b'-SHUTDOWN', b'-NOTUNIQUE'),
                          f'Elixir knows no such word: {line!r}')

    def sent(self, name, text):
        self.asked[name] = time.monotonic()
        if re.search(r'^HELLO .*"x":1', text):
            self.opted_in.add(name)

    def play(self):
        steps = []
        for number, line in enumerate(self.path.read_text(encoding='utf-8').splitlines(), 1):
            if not line or line.startswith(('#', 'password: ', 'setting: ')):
                continue
            step = STEP.match(line)
            harness.check(step, f'{self.path.name}:{number}: not a step: {line}')
            steps.append((number, line, (step.group(1), step.group(2), step.group(3) or '')))
        for at, (number, line, step) in enumerate(steps):
            try:
                self.step(*step)
            except (harness.Failed, OSError) as error:
                self.keeps_pace(step for _, _, step in steps[at:])
                raise harness.Failed(f'{self.path.name}:{number}: {line}\n    {error}') from None

    def keeps_pace(self, rest):
        """Of the connections that are open, none has hurried in vain."""
        decided = set()
        for name, word, text in rest:
            if word == 'hurries' and name in self.connected and name not in decided:
                if time.monotonic() > self.connected[name] + float(text):
                    raise TooSlow(f'{name} took longer than {text} s')
            if word in ('connect', 'hurries'):
                decided.add(name)  # what follows is another connection's, or another pace

    def step(self, name, word, text):
        if word == 'connect':
            self.opted_in.discard(name)
            self.connected[name] = time.monotonic()
            self.connections[name] = harness.Wire(self.server.address, timeout=20)
            return
        if word == 'hurries':
            return self.keeps_pace([(name, word, text)])
        wire = self.connections[name]
        if word in ('>', '>>', 'fills', 'split', 'proof'):
            self.sent(name, text)
        if word == '>':
            wire.send(self.fill(text).encode() + b'\r\n')
        elif word == '>>':
            wire.send(unescape(self.fill(text)))
        elif word == 'pours':
            try:
                wire.send(b'x' * int(text))
            except ConnectionError:
                pass  # the server may have had enough before the end
        elif word == 'fills':
            size, _, rest = text.partition(' > ')
            line = self.fill(rest).encode()
            fill = b'x' * (int(size) - len(line) + len(b'FILL'))
            wire.send(line.replace(b'FILL', fill) + b'\r\n')
        elif word == 'split':
            size, _, rest = text.partition(' > ')
            data = self.fill(rest).encode() + b'\r\n'
            for at in range(0, len(data), int(size)):
                wire.send(data[at:at + int(size)])
                # Otherwise the pieces would arrive as one.
                harness.wait_until(wire.is_read, 'the server reads a piece', 20)
        elif word == 'proof':
            password, rounds, rest = text.split(' ', 2)
            greeting = self.greetings[name]
            proof = (password + greeting['s']).encode()
            for _ in range(greeting['i'] if rounds == 'i' else int(rounds)):
                proof = hashlib.sha256(proof).digest()
            wire.send(rest.replace('PROOF', proof.hex()).encode() + b'\r\n')
        elif word == '<':
            self.match(self.line(name), text)
        elif word == '$':
            head = self.line(name)
            harness.check(re.fullmatch(rb'\$\d+', head), f'expected a bulk string, found {head!r}')
            body = wire.file.read(int(head[1:]) + 2)
            harness.check(body.endswith(b'\r\n'), f'the bulk string does not end: {body!r}')
            harness.check(name in self.opted_in or body[:1] == b'{' or body[:2] == b'b-',
                          'Elixir: a bulk string begins with a brace or b-')
            self.match(body[:-2], text)
        elif word == 'null':
            harness.check_equal(self.line(name), b'$-1', 'the reply')
        elif word == 'took':
            low, _, high = text.partition('..')
            took = self.answered[name] - self.asked[name]
            harness.check(float(low) <= took, f'it took {took:.2f} s')
            if took > float(high):
                raise TooSlow(f'{name} took {took:.2f} s')
        elif word == 'closed':
            try:
                rest = wire.file.read()
            except ConnectionResetError:
                rest = b''
            self.answered[name] = time.monotonic()
            harness.check_equal(rest, b'', 'before the end of the connection')
            wire.close()  # as a client does; until then the server lingers on the connection
        elif word == 'hangs up':
            wire.socket.shutdown(socket.SHUT_RDWR)
            wire.close()


def play(path):
    """Whether it went as written; None: that took too long."""
    text = path.read_text(encoding='utf-8')
    password = re.search(r'^password: (.*)$', text, re.MULTILINE)
    server = harness.Server(settings=re.findall(r'^setting: (.*)$', text, re.MULTILINE),
                            environment={'SLUICE_JOBS_PASSWORD': password.group(1)}
                            if password else None)
    began = time.monotonic()
    try:
        server.start()
        Player(path, server).play()
        harness.check_equal(server.terminate(), 0, 'the exit code of the server')
        harness.check('Sanitizer' not in server.log(), 'a sanitizer spoke up in the server')
        print(f'ok    {path.name} ({time.monotonic() - began:.1f} s)', flush=True)
        return True
    except TooSlow as slow:
        print(f'again {path.name}: {slow}', flush=True)
        return None
    except harness.Failed as error:
        print(f'FAIL  {error}\n--- server log (end)\n{server.log()[-3000:]}', flush=True)
        return False
    finally:
        server.close()
        server.remove()


def main():
    paths = [pathlib.Path(word) for word in sys.argv[1:]] or sorted(HERE.glob('*.txt'))
    failed = [path for path in paths
              if not next((went for _ in range(20) if (went := play(path)) is not None), False)]
    if failed or not paths:
        sys.exit(f'{len(failed)} of {len(paths)} transcripts failed')
    print(f'{len(paths)} transcripts')


main()
