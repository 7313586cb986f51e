import type { Vendor } from '@bulkhead/ehr/providers';

const cell = (text: string) => text.replaceAll('|', '\\|');

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
  const start =
    level === 'none'
      ? `bulkhead --provider ${id} sync start --connection "$CONNECTION" --watch`
      : `bulkhead --provider ${id} export start --connection "$CONNECTION" --level ${level} --watch`;
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
    `Import everything.

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
${facts.map((row) => `| ${[row.fact, row.does, `${row.source}, read on ${row.readAt}`].map(cell).join(' | ')} |`).join('\n')}

\`bulkhead providers show ${id}\` prints every setting. To change one, add an entry with the id \`${id}\` to [the file of providers](../../../docs/providers.md).

## From nothing to a stored practice

${steps.map((step, index) => `${index + 1}. ${step}`).join('\n')}
`;
}
