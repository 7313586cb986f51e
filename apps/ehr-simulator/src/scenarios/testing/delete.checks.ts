import { expect } from '@jest/globals';
import type { SimulatorClient } from '../../testing/simulator-client.ts';
import type { Check, Checks } from './check.ts';
import { isLate } from './is-late.ts';
import { exportsOf, patientUrl, statusesOf } from './probe.ts';

async function remove(client: SimulatorClient): Promise<Response> {
  const [{ id }] = await exportsOf(client);
  const headers = { authorization: client.authorization };
  return fetch(`${client.fhirEndpoint}/bulkstatus/${id}`, { method: 'DELETE', headers });
}

function deleteAnswers(...expected: number[]): Check {
  return async (client) => {
    await patientUrl(client);
    expect(await statusesOf(expected.length, () => remove(client))).toEqual(expected);
    const state = expected.includes(202) ? 'deleted' : 'complete';
    expect((await exportsOf(client))[0]).toMatchObject({ deletes: expected.length, deleted: true, state });
  };
}

export const deleteChecks = {
  'delete-unknown': deleteAnswers(404, 404),
  'delete-fails': deleteAnswers(500, 500, 500),
  'delete-fails-once': deleteAnswers(500, 202),
  'slow-delete': async (client) => {
    await patientUrl(client);
    await isLate({ ms: 1000, status: 202, send: () => remove(client) });
  },
} satisfies Checks;
