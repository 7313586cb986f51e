import { expect, test } from '@jest/globals';
import { startSystem } from '../harness/start-system.ts';

test('a probe of the API and a worker measures an EHR, and its file of facts is used without a restart', async () => {
  await using system = await startSystem({ hasWorker: true, simulator: { patients: 3, exportSeconds: 0 } });
  const path = `/api/ehr/connections/${system.connectionId}/probe`;
  const { body: before } = await system.request('GET', path);
  expect(before.data).toEqual({ plan: { requests: 80, exports: 7 } });
  const started = await system.request('POST', path, {});
  // The worker may have it before the API reads it for its response.
  expect([started.status, ['queued', 'running'].includes(started.body.data.probe.phase)]).toEqual([202, true]);
  type State = { readonly probe: { readonly endedAt?: string } };
  const { probe } = await system.until(path, (state: State) => state.probe.endedAt !== undefined);
  expect(probe).toMatchObject({ phase: 'completed', file: { provider: 'athenahealth', environment: 'production' } });
  const rowOf = (rows: readonly { readonly name: string }[], name: string) => rows.find((row) => row.name === name);
  expect(rowOf(probe.rows, 'groupIdTemplate')).toMatchObject({ known: 'a-1.C-{practiceId}', differs: false });
  expect(rowOf(probe.rows, 'deleteStatus')).toMatchObject({ value: '202', differs: false });
  expect(rowOf(probe.rows, 'deleteStatus')).not.toHaveProperty('known');

  const apply = (file: object) => system.request('PUT', '/api/ehr/provider-facts', file);
  const wrong = { ...probe.file, facts: { ...probe.file.facts, colour: { value: 'blue', how: 'a guess' } } };
  const refused = await apply(wrong);
  expect([refused.status, refused.body.error.code]).toEqual([400, 'invalid-request']);
  expect(JSON.stringify(refused.body.error)).toContain('facts.colour');
  expect((await apply({ ...probe.file, environment: 'moon' })).status).toBe(400);
  expect((await apply({ ...probe.file, provider: 'moon' })).status).toBe(404);
  expect(await system.store.providerFacts.list()).toEqual([]);

  expect((await apply(probe.file)).status).toBe(200);
  type Shown = { readonly probe: { readonly rows: readonly { readonly name: string; readonly known?: string }[] } };
  await system.until(path, (state: Shown) =>
    state.probe.rows.some(({ name, known }) => name === 'deleteStatus' && known === '202'),
  );
  const events = await system.request('GET', '/api/ehr/audit-events?action=provider.apply-facts');
  expect(events.body.data.map(({ outcome }: { readonly outcome: string }) => outcome)).toContain('success');
});
