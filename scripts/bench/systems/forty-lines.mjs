// What a user would write without Bulkhead: one bulk export, each line parsed and stored by its id. `pnpm bench peers` runs it.
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { MongoClient } from 'mongodb';

const { FHIR_ENDPOINT, TOKEN_URL, CLIENT_ID, CLIENT_SECRET, SCOPE, MONGODB_URI, DATABASE } = process.env;
const batchSize = 1000;

const client = await new MongoClient(MONGODB_URI).connect();
const database = client.db(DATABASE);
const token = await fetch(TOKEN_URL, {
  method: 'POST',
  headers: { authorization: `Basic ${Buffer.from(`${CLIENT_ID}:${CLIENT_SECRET}`).toString('base64')}` },
  body: new URLSearchParams({ grant_type: 'client_credentials', scope: SCOPE }),
});
const headers = { authorization: `Bearer ${(await token.json()).access_token}` };
const started = await fetch(`${FHIR_ENDPOINT}/Patient/$export`, {
  headers: { ...headers, accept: 'application/fhir+json', prefer: 'respond-async' },
});
if (started.status !== 202) throw new Error(`the kick-off returned ${started.status}`);
const statusUrl = started.headers.get('content-location');
let status = await fetch(statusUrl, { headers });
while (status.status === 202) {
  await delay(Number(status.headers.get('retry-after') ?? 2) * 1000);
  status = await fetch(statusUrl, { headers });
}
const { output } = await status.json();
const startedAt = performance.now();
let resources = 0;
for (const { type, url } of output) {
  const response = await fetch(url, { headers });
  let operations = [];
  const write = async () => {
    if (operations.length > 0) await database.collection(type).bulkWrite(operations, { ordered: false });
    resources += operations.length;
    operations = [];
  };
  for await (const line of createInterface({ input: Readable.fromWeb(response.body) })) {
    const resource = JSON.parse(line);
    operations.push({ replaceOne: { filter: { _id: resource.id }, replacement: resource, upsert: true } });
    if (operations.length === batchSize) await write();
  }
  await write();
}
const seconds = (performance.now() - startedAt) / 1000;
await client.close();
const { user, system } = process.cpuUsage();
const peakMegabytes = Math.round(process.resourceUsage().maxRSS / 1000);
process.send({ resources, seconds, clientCpuSeconds: (user + system) / 1e6, peakMegabytes });
process.disconnect();
