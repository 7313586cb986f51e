import type { Vendor } from '@bulkhead/ehr/providers';

const row = (...cells: readonly string[]) => `| ${cells.map((text) => text.replaceAll('|', '\\|')).join(' | ')} |`;

/** A source without an address cannot be looked up. */
function sourceOf({ source, readAt }: Vendor['facts'][number]): string {
  const isNamed = /\w[.](?:com|gov|org|net|us)\b/.test(source);
  return `${source}, read on ${readAt}${isNamed ? '' : '. **It has no address**: ask the vendor before you rely on it'}`;
}

/** What is known of all vendors, for one page. */
export function vendorTable(vendors: readonly Vendor[]): string {
  const rows = vendors.flatMap(({ entry: { id }, facts }) =>
    facts.map((known) => row(`\`${id}\``, known.fact, known.does, sourceOf(known))),
  );
  return ['| provider | fact | what Bulkhead does | source |', '|---|---|---|---|', ...rows].join('\n');
}

/** The page of a vendor: what is known, and the way from nothing to a stored practice. */
export function vendorPage({ entry: { id, name, endpointList, defaultScope = '' }, connect, facts }: Vendor): string {
  const { method, fhirEndpoint, level, options } = connect;
  const usesKey = method === 'private_key_jwt';
  const create = [
    `CONNECTION=$(bulkhead --provider ${id} connections create --client-id "$CLIENT_ID" --method ${method}`,
    ...(fhirEndpoint === undefined ? [] : [`--fhir-endpoint ${fhirEndpoint}`]),
    ...(level === 'Group' ? ['--group "$GROUP_ID"'] : []),
    `--scope '${defaultScope}'`,
    ...(options === undefined ? [] : [options]),
  ].join(' ');
  const startExport = `bulkhead --provider ${id} export start --connection "$CONNECTION"`;
  const start = {
    none: `bulkhead --provider ${id} sync start --connection "$CONNECTION" --watch`,
    listed: `bulkhead cohorts set practice --connection "$CONNECTION" --patients-file patients.txt
   ${startExport} --level Patient --cohort practice --watch`,
    Group: `${startExport} --level Group --watch`,
    Patient: `${startExport} --level Patient --watch`,
  }[level];
  const algorithm = options?.includes('ES384') ? 'ES384' : 'RS384';
  // As a link of this file, which `repositoryLinks` moves.
  const find = `[Find the FHIR endpoint of the practice](../../../docs/how-to/find-an-endpoint.md) in the list at <${endpointList}>, and allow its host.`;
  const key = `Create a key pair for the deployment, and register a backend client at ${name} with the URL of its public keys.

   \`\`\`bash
   bulkhead api POST /api/ehr/signing-keys --field alg=${algorithm}
   curl -s "$BULKHEAD_URL/.well-known/jwks.json"
   \`\`\``;
  const secret = `Register a backend client at ${name}, and put its secret into \`BULKHEAD_CLIENT_SECRET\`.`;
  const steps = [
    ...(endpointList === undefined ? [] : [find]),
    usesKey ? key : secret,
    `Connect${level === 'Group' ? ', with the id of the Group that the practice names' : ''}.

   \`\`\`bash
   ${create})
   bulkhead connections test "$CONNECTION"
   \`\`\``,
    `Import everything${level === 'listed' ? ' of the patients whose ids the practice names, one on each line of `patients.txt`' : ''}.

   \`\`\`bash
   ${start}
   \`\`\``,
    `Measure what no page says: \`bulkhead probe "$CONNECTION"\`.`,
  ];
  return `# Connect ${name}

No program of this project has ever sent a request to a server of ${name}. What follows rests on the sources of the table. The commands were
run against a simulator in this form.

## What is known

| fact | what Bulkhead does | source |
|---|---|---|
${facts.map((known) => row(known.fact, known.does, sourceOf(known))).join('\n')}

\`bulkhead providers show ${id}\` prints every setting. To change one, add an entry with the id \`${id}\` to [the file of providers](../../../docs/providers.md).

## From nothing to a stored practice

${steps.map((step, index) => `${index + 1}. ${step}`).join('\n')}
`;
}
