import { expect } from '@jest/globals';
import type { Manifest, ManifestFile } from '../../export/status.route.ts';
import { type RawWire, rawWire } from '../../testing/raw-http.ts';
import { jsonOf, type SimulatorClient } from '../../testing/simulator-client.ts';
import type { ScenarioName } from '../scenarios.ts';

/** Checks what a client of a new simulator sees after one scenario was ordered. */
export type Check = (client: SimulatorClient) => Promise<void>;

/** The checks of some scenarios, by name. */
export type Checks = Partial<Record<ScenarioName, Check>>;

export const json = { accept: 'application/json' };
export const ndjson = { accept: 'application/fhir+ndjson', 'accept-encoding': 'identity' };

/**
 * Starts an export of patients.
 * @returns its status URL.
 */
export async function startExport(client: SimulatorClient, query = '_type=Patient'): Promise<string> {
  const kickedOff = await client.kickOff(`/Patient/$export?${query}`);
  const location = kickedOff.headers.get('content-location') ?? '';
  return new URL(location, client.fhirEndpoint).href;
}

/** Sends `count` requests one after the other and returns their statuses. */
export async function statusesOf(count: number, send: () => Promise<Response>): Promise<number[]> {
  const statuses: number[] = [];
  for (let index = 0; index < count; index += 1) {
    const response = await send();
    await response.arrayBuffer();
    statuses.push(response.status);
  }
  return statuses;
}

export const patientExport = '/Patient/$export?_type=Patient';

/** The files of a type in the manifest of a new export. */
export async function filesOf(client: SimulatorClient, type = 'Patient'): Promise<readonly ManifestFile[]> {
  const { output } = await client.export(`/Patient/$export?_type=${type}`);
  return output.filter((file) => file.type === type);
}

export async function patientUrl(client: SimulatorClient): Promise<string> {
  return (await filesOf(client))[0]?.url ?? '';
}

/** The manifest of a new export, untyped because some checks need invalid fields. */
// biome-ignore lint/suspicious/noExplicitAny: a wrong shape fails the check, which is its purpose.
export async function manifestOf(client: SimulatorClient, path = patientExport): Promise<any> {
  return client.export(path) as Promise<Manifest>;
}

/** Reads the Patient file byte for byte, uncompressed unless `headers` say otherwise. */
export function wire(
  client: SimulatorClient,
  url: string,
  headers: Readonly<Record<string, string>> = ndjson,
): Promise<RawWire> {
  return rawWire(url, { authorization: client.authorization, ...headers });
}

/** The lines of a type that a client should finally have. */
export async function truth(client: SimulatorClient, type = 'Patient'): Promise<string[]> {
  return lines(await (await client.control('GET', `/resources/${type}`)).text());
}

export function lines(text: string): string[] {
  return text.replace(/\n$/, '').split('\n');
}

export async function exportsOf(client: SimulatorClient) {
  return jsonOf(client.control('GET', '/exports'));
}

/** Timers may fire a little early. */
const toleranceMs = 20;

interface IsLateInput {
  readonly ms: number;
  readonly status: number;
  readonly send: () => Promise<Response>;
}

/** Expects the answer no earlier than `ms` after the request. */
export async function isLate({ ms, status, send }: IsLateInput): Promise<void> {
  const startedAtMs = performance.now();
  expect((await send()).status).toBe(status);
  expect(performance.now() - startedAtMs).toBeGreaterThan(ms - toleranceMs);
}
