import { createStore } from '../../create-store.ts';

// Appends audit events until it is killed, and prints the id of each acknowledged event.
// usage: append-forever.fixture.ts <MongoDB URI> <key in base64> <name>
const [uri = '', key = '', name = ''] = process.argv.slice(2);
const store = createStore({ uri, encryptionKey: Buffer.from(key, 'base64') });
await store.connect();

async function appendForever(caller: number): Promise<never> {
  for (let n = 0; ; n++) {
    const id = `${name}.${caller}.${n}`;
    const actor = { kind: 'api-key', id } as const;
    await store.auditEvents.append({ actor, action: 'resource.read', target: {}, outcome: 'success' });
    process.stdout.write(`${id}\n`);
  }
}

await Promise.all(Array.from({ length: 10 }, (_, caller) => appendForever(caller)));
