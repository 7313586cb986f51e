interface AccessTextOptions {
  readonly baseUrl: string;
  readonly simulatorUrl: string;
  /** Only at the first start; afterwards nobody knows it any more. */
  readonly apiKey: string | undefined;
  readonly apiKeyPrefix: string | undefined;
}

/** The key and the addresses: before the export, which can be watched in the console. */
export function accessText({ baseUrl, simulatorUrl, apiKey, apiKeyPrefix }: AccessTextOptions): string {
  return `
API key      ${apiKey ? `${apiKey}  (shown once; only its hash is kept)` : `the one that was shown before (${apiKeyPrefix}...), below as $KEY; if it is lost: npm start -- --new-key`}
API          ${baseUrl}/api/ehr
Console      ${baseUrl}/  (log in with the API key)
Bull Board   ${baseUrl}/admin/queues
Docs         ${baseUrl}/docs  (every operation; OpenAPI at /openapi.json)
Health       ${baseUrl}/health  ${baseUrl}/ready
Simulator    ${simulatorUrl}  (what it saw: ${simulatorUrl}/_sim/violations)
`;
}

interface RequestsTextOptions {
  readonly baseUrl: string;
  readonly connectionId: string;
  readonly exportId: string;
  /** Without it the requests have `$KEY`, as the README has. */
  readonly apiKey: string | undefined;
}

/** A request for each of the guide's endpoints, to be copied. */
export function requestsText({ baseUrl, connectionId, exportId, apiKey }: RequestsTextOptions): string {
  const key = apiKey ?? '$KEY';
  const athena = `${baseUrl}/api/ehr/athenahealth`;
  const post = (path: string, body: object) =>
    `curl -s -X POST ${athena}/${path} -H "Authorization: Bearer ${key}" -H "Content-Type: application/json" -d '${JSON.stringify(body)}'`;
  const get = (path: string) => `curl -s "${athena}/${path}" -H "Authorization: Bearer ${key}"`;
  const types = ['Patient', 'Observation', 'Condition'];
  return `
1. Initiate a bulk export
   ${post('bulk-export', { connectionId, exportType: 'Patient', resourceTypes: types })}
2. Check its status
   ${get(`bulk-export/${exportId}`)}
3. Enhanced sync (a run that lasts over 30 s is answered 202 with its URL)
   ${post('enhanced-sync', { connectionId, includeStandard: true, includeEnhanced: true })}
4. Get capabilities
   ${get(`capabilities?connectionId=${connectionId}`)}
`;
}

/** Two columns with thousands separators and a sum. */
export function formatTable({
  title,
  rows,
}: {
  readonly title: string;
  readonly rows: Readonly<Record<string, number>>;
}): string {
  const sum = Object.values(rows).reduce((total, count) => total + count, 0);
  const lines = [...Object.entries(rows), ['total', sum] as const].map(
    ([name, count]) => `  ${name.padEnd(24)} ${count.toLocaleString('en-US').padStart(12)}`,
  );
  return [title, ...lines].join('\n');
}
