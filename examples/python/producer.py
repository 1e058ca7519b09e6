#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Pushes one job and waits for its result: producer.py [NAME]. The server comes from FAKTORY_URL."""

import json
import sys

import sluice

client = sluice.Sluice()
jid = client.push('greet', sys.argv[1] if len(sys.argv) > 1 else 'world', queue='python', retry=3)
done = client.wait(jid)
print(done['state'], json.dumps(done.get('result') or done.get('error')))
sys.exit(0 if done['state'] == 'succeeded' else 2)
