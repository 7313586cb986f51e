import { createHash } from 'node:crypto';
import { type CheckContext, compareStored } from './check.ts';

/** Too large for the server's database, so it is stored in a file. No two lines are equal. */
const pdf = Buffer.from(`%PDF-1.7\n${Array.from({ length: 20_000 }, (_, line) => `line ${line}`).join('\n')}\n%%EOF\n`);
const text = Buffer.from('Blood pressure: 120/80 — é 😀\n');
const note = Buffer.from('An inline note\r\nwith two lines.');

/** Checks documents with a relative and an absolute URL at the server, and one that is inline in its resource. */
export async function checkDocuments(context: CheckContext): Promise<void> {
  const { api, report, server } = context;
  const [patientId = ''] = (await context.served('Patient')).keys();
  const subject = { reference: `Patient/${patientId}` };
  await put(context, { resourceType: 'Binary', id: 'interop-pdf', contentType: 'application/pdf', data: base64(pdf) });
  await put(context, { resourceType: 'Binary', id: 'interop-text', contentType: 'text/plain', data: base64(text) });
  const hash = createHash('sha1').update(pdf).digest('base64');
  await put(context, {
    resourceType: 'DocumentReference',
    id: 'interop-reference',
    status: 'current',
    subject,
    content: [
      { attachment: { contentType: 'application/pdf', url: 'Binary/interop-pdf', size: pdf.length, hash } },
      { attachment: { contentType: 'text/plain', data: base64(note) } },
    ],
  });
  await put(context, {
    resourceType: 'DiagnosticReport',
    id: 'interop-report',
    status: 'final',
    subject,
    code: { text: 'report' },
    presentedForm: [{ contentType: 'text/plain', url: `${server.url}/Binary/interop-text` }],
  });
  const types = ['DiagnosticReport', 'DocumentReference'];
  const connectionId = await api.createConnection();
  const { status } = await api.runExport(connectionId, { exportType: 'Patient', resourceTypes: types });
  report.fact({ what: 'the export', expected: 'COMPLETED', actual: status });
  // The server has new resources, which an earlier snapshot lacks.
  const now = { ...context, served: (type: string) => server.all(type) };
  await compareStored(now, { connectionId, types, scope: { level: 'Patient' } });
  await compareDocuments(context, {
    connectionId,
    resourceId: 'interop-reference',
    expected: [
      { source: 'url', bytes: pdf },
      { source: 'inline', bytes: note },
    ],
  });
  await compareDocuments(context, {
    connectionId,
    resourceId: 'interop-report',
    expected: [{ source: 'url', bytes: text }],
  });
}

async function compareDocuments(
  { api, report }: CheckContext,
  options: {
    readonly connectionId: string;
    readonly resourceId: string;
    readonly expected: readonly { readonly source: string; readonly bytes: Buffer }[];
  },
): Promise<void> {
  const { connectionId, resourceId, expected } = options;
  const documents = (await api.documentsOf(connectionId, resourceId)).toSorted(
    (left, right) => left.index - right.index,
  );
  const states = documents.map(({ source, state, notes }) => ({ source, state, notes }));
  const expectedDocuments = expected.map(({ source }) => ({ source, state: 'stored', notes: [] }));
  report.fact({ what: `the documents of ${resourceId}`, expected: expectedDocuments, actual: states });
  for (const [index, { id, state }] of documents.entries()) {
    if (state !== 'stored') continue;
    const actual = sha256(await api.documentBytes(id));
    report.fact({
      what: `the bytes of document ${index} of ${resourceId}`,
      expected: sha256(expected[index]?.bytes),
      actual,
    });
  }
}

async function put({ server }: CheckContext, resource: Readonly<Record<string, unknown>>) {
  await server.put(`${resource.resourceType}/${resource.id}`, JSON.stringify(resource));
}

function base64(bytes: Buffer): string {
  return bytes.toString('base64');
}

function sha256(bytes: Buffer = Buffer.alloc(0)): string {
  return createHash('sha256').update(bytes).digest('hex');
}
