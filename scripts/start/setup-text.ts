interface SetupTextOptions {
  readonly baseUrl: string;
  readonly simulatorUrl: string;
  readonly connectionId: string;
  readonly exportId: string;
  /** Only at the first start; afterwards nobody knows it any more. */
  readonly apiKey: string | undefined;
  readonly apiKeyPrefix: string | undefined;
}

/** What a user needs to go on: the key, the addresses, and a request for each of the guide's endpoints. */
export function setupText({
  baseUrl,
  simulatorUrl,
  connectionId,
  exportId,
  apiKey,
  apiKeyPrefix,
}: SetupTextOptions): string {
  const key = apiKey ?? '$BULKHEAD_API_KEY';
  const athena = `${baseUrl}/api/ehr/athenahealth`;
  const post = (path: string, body: object) =>
    `curl -s -X POST ${athena}/${path} -H "Authorization: Bearer ${key}" -H "Content-Type: application/json" -d '${JSON.stringify(body)}'`;
  const get = (path: string) => `curl -s "${athena}/${path}" -H "Authorization: Bearer ${key}"`;
  const types = ['Patient', 'Observation', 'Condition'];
  return `
API key      ${apiKey ? `${apiKey}  (shown once; only its hash is kept)` : `the one that the first start showed (${apiKeyPrefix}...); export it as BULKHEAD_API_KEY`}
API          ${baseUrl}/api/ehr
Console      ${baseUrl}/  (log in with the API key)
Bull Board   ${baseUrl}/admin/queues
Docs         ${baseUrl}/docs  (every operation; OpenAPI at /openapi.json)
Health       ${baseUrl}/health  ${baseUrl}/ready
Simulator    ${simulatorUrl}  (what it saw: ${simulatorUrl}/_sim/violations)

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
