import { generateKeyPairSync, randomBytes } from 'node:crypto';

/** A text that stands nowhere else. */
function mark(what: string): string {
  return `planted-${what}-${randomBytes(9).toString('hex')}`;
}

/** Values to be put in wherever something comes in, and looked for wherever something could come out. */
export function makePlanted() {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-384' });
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  return {
    wrongSecret: mark('secret'),
    pem,
    /** A line of it: the whole is folded, and would be found in no other form. */
    pemLine: pem.split('\n')[2] ?? '',
    privateNumber: (privateKey.export({ format: 'jwk' }) as { d?: string }).d ?? '',
    patientName: mark('name'),
    note: mark('note'),
    document: mark('document'),
    upstream: mark('upstream'),
    callback: mark('callback'),
    filter: mark('filter'),
    query: mark('query'),
    resourceId: mark('id'),
    searchedPatient: mark('patient'),
  };
}
export type Planted = ReturnType<typeof makePlanted>;
