import { at, connectionId, exportId, later } from '@bulkhead/http/schemas';

export const connectionExample = {
  id: connectionId,
  name: 'athenahealth production 195900',
  provider: 'athenahealth',
  environment: 'production',
  fhirEndpoint: 'https://api.platform.athenahealth.com/fhir/r4',
  practiceId: '195900',
  groupId: 'a-1.C-195900',
  auth: { method: 'client_credentials', clientId: 'client-id', scope: 'system/*.read' },
  createdAt: at,
};

export const listedConnectionExample = {
  ...connectionExample,
  status: 'warning',
  problems: [{ key: 'lag', title: 'Lag', severity: 'warning' }],
  lagSeconds: 141_000,
  lastExport: { id: exportId, status: 'COMPLETED', endedAt: at },
  nextRunAt: later,
};

export const connectionTestExample = {
  ok: false,
  endedAt: later,
  steps: [
    { step: 'discovery', ok: true, durationMs: 84 },
    {
      step: 'token',
      ok: false,
      durationMs: 120,
      code: 'token-refused',
      message: 'The EHR refused to issue an access token.',
      whatToDo: 'Verify client id, client secret and scope of the connection.',
    },
  ],
};

export const connectionBodyExample = {
  provider: 'athenahealth',
  practiceId: '195900',
  auth: { method: 'client_credentials', clientId: 'client-id', clientSecret: 'client-secret' },
} as const;
