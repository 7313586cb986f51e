import { afterAll, describe, expect, test } from '@jest/globals';
import { endpoints, type KeyedEndpointId } from '../testing/all-endpoints.ts';
import { startApi } from '../testing/start-api.ts';

const api = await startApi({ env: { API_REQUESTS_PER_MINUTE: '100000' } });
const connectionId = await api.createConnection();
afterAll(() => api.stopAndCheckAnswers());

const schedule = { connectionId, kind: 'export', cron: '0 2 * * *', timeZone: 'UTC' };

/** What a client's key can add, and the code that ends it. */
const additions: readonly {
  readonly id: KeyedEndpointId;
  readonly refusal: string;
  readonly send: (index: number) => ReturnType<typeof api.request>;
}[] = [
  {
    id: 'setCohort',
    refusal: 'too-many-cohorts',
    send: (index) => send('PUT', `/api/ehr/connections/${connectionId}/cohorts/c${index}`, { patients: ['p1'] }),
  },
  { id: 'createSchedule', refusal: 'too-many-schedules', send: () => send('POST', '/api/ehr/schedules', schedule) },
];

function send(method: string, path: string, body: object) {
  return api.request(method, path, { body, authorization: `Bearer ${api.clientKey}` });
}

/** The other operations that change something, and why none of them can add without end. */
const bounded: Readonly<Partial<Record<KeyedEndpointId, string>>> = {
  startBulkExport: 'one at a time of each request, and the EHR decides how many run',
  cancelBulkExport: 'ends one that exists',
  retryBulkExport: 'continues one that exists',
  startEnhancedSync: 'one at a time of a connection',
  cancelSyncRun: 'ends one that exists',
  retrySyncRun: 'continues one that exists',
  testConnection: 'one result for each connection',
  setWebhook: 'one for each connection',
  removeWebhook: 'removes',
  resendWebhookDelivery: 'repeats one that exists',
  changeCohort: 'at most as many patients as a cohort has',
  deleteCohort: 'removes',
  changeSchedule: 'changes one that exists',
  runSchedule: 'one run at a time',
  deleteSchedule: 'removes',
  readViewTable: 'stores nothing, and a table has a limit of bytes',
  searchFhirByPost: 'stores nothing but its line in the audit log',
  exportSystemByPost: 'RequestLimits.countKickOff: 10,000 a day, and each is kept for a day',
  exportPatientsByPost: 'counted with exportSystemByPost',
  exportGroupByPost: 'counted with exportSystemByPost',
  deleteServedExport: 'removes',
  runView: 'as readViewTable',
  runViewOfType: 'as readViewTable',
  runSql: 'as readViewTable',
  retryDocument: 'continues one that exists',
};

test('each operation by which a client changes something has an amount', () => {
  const changing = endpoints.filter(({ access, method }) => access === 'client' && method !== 'get');
  const known = new Set<string>([...additions.map(({ id }) => id), ...Object.keys(bounded)]);
  expect(changing.map(({ id }) => id).filter((id) => !known.has(id))).toEqual([]);
  expect(changing.length).toBeGreaterThan(20);
});

describe.each(additions)('$id', ({ refusal, send: add }) => {
  test('is refused after a number, and the message says what to do', async () => {
    const most = 250;
    for (let index = 0; index < most; index++) {
      const answer = await add(index);
      if (answer.status < 300) continue;
      expect(answer.refusal[1] ?? answer.text).toContain(refusal);
      expect(answer.text).toMatch(/Delete|delete|Wait|again/);
      return;
    }
    throw new Error(`${most} were accepted`);
  });
});
