interface AccessTextOptions {
  readonly baseUrl: string;
  readonly simulatorUrl: string;
  /** Known only at the first start. Only the hash of the key is stored. */
  readonly apiKey: string | undefined;
  readonly apiKeyPrefix: string | undefined;
}

/** The key and the addresses. Printed before the export, so that the user can watch it in the console. */
export function accessText({ baseUrl, simulatorUrl, apiKey, apiKeyPrefix }: AccessTextOptions): string {
  return `
${apiKey ? `API key, shown once: only its hash is stored\n\n  export KEY=${apiKey}` : `API key: unchanged since an earlier start (${apiKeyPrefix}...). If you lost it, get another with: npm start -- --new-key`}

Console      ${baseUrl}/  (log in with the API key)
API          ${baseUrl}/api/ehr
API docs     ${baseUrl}/docs  (OpenAPI: /openapi.json)
Bull Board   ${baseUrl}/admin/queues
Command line export BULKHEAD_URL=${baseUrl} BULKHEAD_API_KEY=$KEY; ./bulkhead connections list
Health       ${baseUrl}/health  ${baseUrl}/ready
Simulator    ${simulatorUrl}  (requests that broke a limit: ${simulatorUrl}/_sim/violations)
`;
}

/** The variables that name a real athenahealth and its client. */
const athenahealthVariables = [
  'ATHENAHEALTH_FHIR_ENDPOINT',
  'ATHENAHEALTH_CLIENT_ID',
  'ATHENAHEALTH_CLIENT_SECRET',
  'ATHENAHEALTH_REDIRECT_URI',
];

/** Says that `npm start` does not call athenahealth, to users who have set its variables. @returns undefined if none is set */
export function ignoredVariablesText(env: NodeJS.ProcessEnv): string | undefined {
  const names = athenahealthVariables.filter((name) => env[name]);
  if (names.length === 0) return undefined;
  return `! \`npm start\` always exports from its own simulator. It does not use ${names.join(', ')}.
  To export from athenahealth, see docs/how-to/connect-athenahealth.md.`;
}

interface RequestsTextOptions {
  readonly baseUrl: string;
  readonly connectionId: string;
  readonly exportId: string;
  /** One of the stored patients. Undefined if there is none. */
  readonly patientId: string | undefined;
}

/** The four calls of the integration guide and a search of what is stored, ready to be copied. */
export function requestsText({ baseUrl, connectionId, exportId, patientId }: RequestsTextOptions): string {
  const athena = `${baseUrl}/api/ehr/athenahealth`;
  const post = (path: string, body: object) =>
    `curl -s -X POST ${athena}/${path} -H "Authorization: Bearer $KEY" -H "Content-Type: application/json" -d '${JSON.stringify(body)}'`;
  const get = (path: string) => `curl -s "${athena}/${path}" -H "Authorization: Bearer $KEY"`;
  const types = ['Patient', 'Observation', 'Condition'];
  return `
1. Start a bulk export
   ${post('bulk-export', { connectionId, exportType: 'Patient', resourceTypes: types })}
2. Check its status
   ${get(`bulk-export/${exportId}`)}
3. Start an enhanced sync (if it takes over 30 s, the response is 202 with the URL of the run)
   ${post('enhanced-sync', { connectionId, includeStandard: true, includeEnhanced: true })}
4. Get the capabilities
   ${get(`capabilities?connectionId=${connectionId}`)}
${
  patientId === undefined
    ? ''
    : `5. Read what is stored: the Observations of one patient
   ${get(`resources/Observation?connectionId=${connectionId}&patient=${patientId}`)}
6. Let FHIR clients read it at this base URL (docs/how-to/serve-bulk-data.md)
   ${get(`fhir/${connectionId}/Observation?patient=${patientId}&_sort=-date`)}
`
}`;
}

/** A table of two columns, with thousands separators and a total. */
export function formatTable(title: string, rows: Readonly<Record<string, number>>): string {
  const sum = Object.values(rows).reduce((total, count) => total + count, 0);
  const lines = [...Object.entries(rows), ['total', sum] as const].map(
    ([name, count]) => `  ${name.padEnd(24)} ${count.toLocaleString('en-US').padStart(12)}`,
  );
  return [title, ...lines].join('\n');
}
