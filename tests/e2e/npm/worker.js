// SPDX-License-Identifier: Apache-2.0
// A worker as an application writes it with the npm client. Says on standard output, a JSON line
// each, what it runs. The server comes from FAKTORY_URL, its worker id from the command line.
'use strict';

const faktory = require('faktory-worker');

const say = (event) => console.log(JSON.stringify(event));
const failed = new Set();

faktory.register('Echo', (...args) => async (ctx) => {
  say({ ran: ctx.job.jid, args, custom: ctx.job.custom });
});
faktory.register('FailOnce', (name) => async (ctx) => {
  if (!failed.has(name)) {
    failed.add(name);
    say({ fails: ctx.job.jid });
    throw new Error(`not this time: ${name}`);
  }
  say({ ran: ctx.job.jid, args: [name], failure: ctx.job.failure });
});
faktory.register('Slow', (ms) => async (ctx) => {
  say({ begins: ctx.job.jid });
  await new Promise((done) => { setTimeout(done, ms); });
  say({ ran: ctx.job.jid, args: [ms] });
});

async function main() {
  const worker = await faktory.work({
    wid: process.argv[2], queues: ['npm'], concurrency: 5, beatInterval: 1, timeout: 8,
    labels: ['node'],
  });
  worker.on('error', (error) => say({ error: error.message }));
  say({ ready: process.argv[2] });
}

main().catch((error) => {
  console.error(error.message);
  process.exit(1);
});
