import { openTestStore } from '@bulkhead/store/testing';
import { auditFeature } from '../audit.feature.ts';

// Appends audit events until it is killed, and prints the id of each acknowledged event.
// usage: append-forever.fixture.ts <MongoDB URI> <name>
const [uri = '', name = ''] = process.argv.slice(2);
const { store } = await openTestStore(auditFeature.open, { uri });

async function appendForever(caller: number): Promise<never> {
  for (let n = 0; ; n++) {
    const id = `${name}.${caller}.${n}`;
    const actor = { kind: 'api-key', id } as const;
    await store.auditEvents.append({ actor, action: 'resource.read', target: {}, outcome: 'success' });
    process.stdout.write(`${id}\n`);
  }
}

await Promise.all(Array.from({ length: 10 }, (_, caller) => appendForever(caller)));
