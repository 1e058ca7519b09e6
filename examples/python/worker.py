#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the job type "greet" of the queue "python" until TERM or INT. The job under way is finished
first. The server comes from FAKTORY_URL."""

import secrets
import signal
import threading
from typing import Any

import sluice


def greet(name: str) -> dict[str, str]:
    if not isinstance(name, str) or not name:
        raise ValueError('the name must be a text')
    return {'hello': name}


HANDLERS = {'greet': greet}
WID = 'python-' + secrets.token_hex(6)
stopping = threading.Event()
running: list[sluice.Job] = []


def keep_beating() -> None:
    """On a connection of its own, so that it goes on while a job runs."""
    connection = sluice.Sluice(wid=WID)
    while not stopping.wait(5):
        answer = connection.beat(list(running))
        if answer.get('state') in ('quiet', 'terminate'):
            stopping.set()
    connection.close()


def run(connection: sluice.Sluice, job: sluice.Job) -> None:
    try:
        handler = HANDLERS.get(job['jobtype'])
        if handler is None:
            raise LookupError(f"no handler for {job['jobtype']}")
        result: Any = handler(*job['args'])
    except (TypeError, ValueError) as error:
        connection.fail(job, error, final=True)  # the same arguments would fail again
    except Exception as error:  # noqa: BLE001: whatever a handler throws fails its job
        connection.fail(job, error)
    else:
        connection.ack(job, result)


def main() -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    beats = threading.Thread(target=keep_beating, name='beats')
    beats.start()
    connection = sluice.Sluice(wid=WID)
    print('ready', flush=True)
    done = 0
    while not stopping.is_set():
        running[:] = connection.fetch('python', seconds=1)
        for job in running:
            run(connection, job)
            done += 1
        running.clear()
    connection.close()
    beats.join()
    print(f'{done} jobs done', flush=True)


if __name__ == '__main__':
    main()
