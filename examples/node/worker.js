// SPDX-License-Identifier: Apache-2.0
// Runs the job type "greet" of the queue "node" until TERM, with the npm client faktory-worker. The
// server comes from FAKTORY_URL.
'use strict';

const faktory = require('faktory-worker');

let done = 0;

faktory.register('greet', (name) => async ({ job }) => {
  if (typeof name !== 'string' || !name) throw new Error('the name must be a text');
  console.log(`hello ${name} (${job.jid})`);
  done += 1;
});

async function main() {
  const worker = await faktory.work({ queues: ['node'], concurrency: 4, labels: ['node'] });
  worker.on('fail', ({ job, error }) => console.error(`${job.jid}: ${error.message}`));
  process.on('exit', () => console.log(`${done} jobs done`));
  console.log('ready');
}

main().catch((error) => {
  console.error(error.message);
  process.exit(1);
});
