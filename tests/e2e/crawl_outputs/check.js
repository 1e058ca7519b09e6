// SPDX-License-Identifier: Apache-2.0
// Reads WARC files with other people's code and prints, as JSON, what it found: each record with
// its digest computed anew, and the index as warcio makes it.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import { CDXIndexer, WARCParser } from 'warcio';

const records = [];
const index = [];
for (const file of process.argv.slice(2)) {
  for await (const record of new WARCParser(createReadStream(file))) {
    const payload = await record.readFully(false);
    records.push({
      file: basename(file),
      version: record.warcHeaders.protocol,
      type: record.warcType,
      id: record.warcHeader('WARC-Record-ID'),
      url: record.warcTargetURI,
      date: record.warcDate,
      profile: record.warcHeader('WARC-Profile'),
      truncated: record.warcHeader('WARC-Truncated'),
      refers: [record.warcRefersToTargetURI, record.warcRefersToDate],
      concurrent: record.warcHeader('WARC-Concurrent-To'),
      digest: record.warcPayloadDigest,
      sha256: 'sha256:' + createHash('sha256').update(payload).digest('hex'),
      length: payload.length,
      status: record.httpHeaders?.statusCode ?? null,
      http: record.httpHeaders ? Object.fromEntries(record.httpHeaders.headers) : null,
    });
  }
  const indexer = new CDXIndexer({ format: 'json' });
  const source = [{ filename: basename(file), reader: createReadStream(file) }];
  for await (const line of indexer.iterIndex(source)) index.push(line);
}
process.stdout.write(JSON.stringify({ records, index }));
