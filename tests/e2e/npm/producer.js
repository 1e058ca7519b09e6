// SPDX-License-Identifier: Apache-2.0
// A producer as an application writes it with the npm client: one step named on the command line,
// its outcome as JSON on standard output. The server comes from FAKTORY_URL.
'use strict';

const faktory = require('faktory-worker');

const steps = {
  async push(client) {
    const job = client.job('Echo', 1, { a: ['b', null, 'ä'] }, 'two words');
    job.queue = 'npm';
    job.custom = { trace: 'x' };
    await job.push();
    return job.jid;
  },
  async bulk(client) {
    const jobs = [];
    for (let i = 0; i < 500; i += 1) {
      const job = client.job('Echo', i);
      job.queue = 'npm';
      jobs.push(job);
    }
    jobs.push({ jid: 'bad', jobtype: 'Echo', args: [], queue: 'npm' });
    const rejected = await client.pushBulk(jobs);
    return { pushed: jobs.slice(0, 500).map((job) => job.jid), rejected };
  },
  async schedule(client) {
    const job = client.job('Echo', 'later');
    job.queue = 'npm';
    job.at = new Date(Date.now() + 1500);
    await job.push();
    return job.jid;
  },
  async failing(client) {
    const jobs = {};
    for (const [name, retry] of [['again', 25], ['drop', 0], ['dead', -1]]) {
      const job = client.job('FailOnce', name);
      job.queue = 'npm';
      job.retry = retry;
      await job.push(); // eslint-disable-line no-await-in-loop
      jobs[name] = job.jid;
    }
    return jobs;
  },
  async requeueRetries(client) {
    return client.retries.ofType('FailOnce').requeue();
  },
  async clearDead(client) {
    return client.dead.clear();
  },
  async one(client) {
    const job = client.job('Slow', Number(process.argv[3] || 0));
    job.queue = 'npm';
    await job.push();
    return job.jid;
  },
  async info(client) {
    return client.info();
  },
};

async function main() {
  const client = await faktory.connect();
  const outcome = await steps[process.argv[2]](client);
  console.log(JSON.stringify(outcome === undefined ? null : outcome));
  await client.close();
}

main().catch((error) => {
  console.error(error.message);
  process.exit(1);
});
