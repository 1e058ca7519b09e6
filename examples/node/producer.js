// SPDX-License-Identifier: Apache-2.0
// Pushes one job with the npm client faktory-worker: node producer.js [NAME]. The server comes from
// FAKTORY_URL.
'use strict';

const faktory = require('faktory-worker');

async function main() {
  const client = await faktory.connect();
  const job = client.job('greet', process.argv[2] || 'world');
  job.queue = 'node';
  job.retry = 3;
  await job.push();
  console.log(job.jid);
  await client.close();
}

main().catch((error) => {
  console.error(error.message);
  process.exit(1);
});
