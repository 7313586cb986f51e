import { randomUUID } from 'node:crypto';
import { isTerminal } from '@bulkhead/imports/export';
import { compareStored, readStored } from '../history/compare-store.ts';
import { LiveEhr, type ResourceName } from '../history/live-ehr.ts';
import { type Finding, openPractice, type Practice, silentIfAny, start, untilEnded } from '../practice.ts';
import type { FuzzedSystem, Slot } from '../start-fuzzed-system.ts';
import type { Members, MembersStep } from './members.arbitrary.ts';

/** An export can say that the next one requests everything. */
const lastExports = 2;

/**
 * Exports a Group whose members change. The server has no older data of a new member in an export of changes. In the end all patients are members
 * and each has a change, and after two exports with `since: "last"` the store must have everything of all.
 */
export async function runMembers(system: FuzzedSystem, slot: Slot, plan: Members): Promise<Finding[]> {
  const ehr = new LiveEhr({ now: system.now, localHours: 0 });
  const tag = randomUUID().slice(0, 13);
  const ids = Array.from({ length: plan.patients }, (_, index) => `${tag}-p${index}`);
  const patients = ids.map((id): ResourceName => ({ type: 'Patient', id, patientId: undefined }));
  const resources = ids.flatMap((patientId, index) =>
    ['Observation', 'Observation', 'Condition'].map((type, number) => ({ type, id: `r${index}-${number}`, patientId })),
  );
  const of = <Item>(list: readonly Item[], index: number) => list[index % list.length] as Item;
  const group = new Set(ids.slice(0, 1 + (plan.first % plan.patients)));
  slot.server.enter(ehr, { members: group, knowsPatient: plan.knowsPatient });
  for (const name of [...patients, ...resources]) ehr.write(name);
  const practice = await openPractice(system, slot, { groupId: 'registry' });
  const findings: Finding[] = [];
  const run = async (since: 'last' | undefined) => findings.push(...(await exportGroup(practice, since)));
  const apply = ({ events, joins, leaves, run: kind }: MembersStep) => {
    for (const index of joins) group.add(of(ids, index));
    if (kind === 'full') for (const index of leaves) group.delete(of(ids, index));
    // Without members there is nothing to export.
    if (group.size === 0) group.add(of(ids, 0));
    for (const { resource, kind: change } of events) {
      const name = of(resources, resource);
      if (change === 'delete') ehr.delete(name);
      else ehr.write(name);
    }
  };
  await run('last');
  for (const step of plan.steps) {
    apply(step);
    await run(step.run === 'full' ? undefined : 'last');
  }
  for (const id of ids) group.add(id);
  for (const name of patients) ehr.write(name);
  for (let count = 0; count < lastExports; count++) await run('last');
  const stored = await readStored(system.database, practice.connectionId);
  const differences = compareStored({ stored, expected: ehr.rows, unknown: new Set() });
  return [...findings, ...silentIfAny('of a Group, in the end', differences)];
}

async function exportGroup(practice: Practice, since: 'last' | undefined): Promise<Finding[]> {
  const body = { exportType: 'Group', ...(since === undefined ? {} : { since }) };
  const id = await start(practice, { path: 'bulk-export', body });
  const { phase, error } = await untilEnded(
    () => practice.system.store.bulkExports.find(id),
    (record) => isTerminal(record.phase),
  );
  return phase === 'completed'
    ? []
    : [{ kind: 'stuck', text: `an export of a Group ended as ${phase}: ${error?.code}` }];
}
