import { generateKeyPairSync, randomBytes } from 'node:crypto';

/** Returns a text that occurs nowhere else. */
function mark(what: string): string {
  return `planted-${what}-${randomBytes(9).toString('hex')}`;
}

/** Returns values that are passed in through every input and searched for in every output. */
export function makePlanted() {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-384' });
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  return {
    wrongSecret: mark('secret'),
    pem,
    /** One line of it. The whole text is stored with other line breaks, so a search would not find it. */
    pemLine: pem.split('\n')[2] ?? '',
    privateNumber: (privateKey.export({ format: 'jwk' }) as { d?: string }).d ?? '',
    patientName: mark('name'),
    note: mark('note'),
    /** A document that is inline in its resource, and one at an address. */
    document: mark('document'),
    title: mark('title'),
    address: mark('address'),
    fetched: mark('fetched'),
    badLine: mark('bad-line'),
    upstream: mark('upstream'),
    callback: mark('callback'),
    filter: mark('filter'),
    query: mark('query'),
    patientId: mark('patient'),
    resourceId: mark('id'),
    searchedPatient: mark('searched'),
  };
}
export type Planted = ReturnType<typeof makePlanted>;
