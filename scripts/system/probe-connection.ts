import type { ProbeService } from '@bulkhead/connections/commands';
import type { ApiClient } from './api-client.ts';
import { pollUntil } from './poll-until.ts';

type ProbeState = Awaited<ReturnType<ProbeService['read']>>;

/** Each of seven exports can take some seconds at a server. */
const endMs = 180_000;

/** Measures the EHR of a connection, and waits for the end. @returns the probe, with the values of its facts by their names */
export async function probeConnection(call: ApiClient, connectionId: string) {
  const path = `/api/ehr/connections/${connectionId}/probe`;
  await call('POST', path);
  const probe = await pollUntil(
    async () => {
      const state = await call<ProbeState>('GET', path);
      return state.probe?.endedAt === undefined ? undefined : state.probe;
    },
    { timeoutMs: endMs, intervalMs: 200 },
  );
  if (!probe) throw new Error(`The probe of ${connectionId} has not ended.`);
  const facts = Object.entries(probe.file?.facts ?? {});
  const measured = facts.filter(([, fact]) => 'value' in fact).map(([name, fact]) => [name, fact.value]);
  return { ...probe, facts: Object.fromEntries(measured) as Readonly<Record<string, unknown>> };
}
