import { exactNumberPath, exactNumbers } from '../data/change-data.ts';
import type { ExportLevel } from '../system/interop-api.ts';
import { type CheckContext, codesOf, compareStored, completed, endOf } from './check.ts';

/** The properties of this server's exports at a level. */
interface LevelFacts {
  readonly level: ExportLevel;
  /** Types that the server rejects at this level, or fails on. */
  readonly without: readonly string[];
  readonly ignoresSince: boolean;
  /** Whether an incremental export also has unchanged resources of a type. */
  readonly unchanged: (type: string) => boolean;
}

// These types have no search parameter that refers to a patient.
const withoutPatient = ['Location', 'Medication', 'PractitionerRole'];

export const levels: readonly LevelFacts[] = [
  {
    level: 'Patient',
    without: [...withoutPatient, 'Group', 'Organization', 'Practitioner'],
    ignoresSince: true,
    unchanged: () => true,
  },
  {
    level: 'Group',
    without: withoutPatient,
    ignoresSince: false,
    // The Group itself, and the resources to which changed resources refer.
    unchanged: (type) => ['Encounter', 'Group', 'Organization', 'Practitioner'].includes(type),
  },
  { level: 'System', without: [], ignoresSince: false, unchanged: () => false },
];

/** Runs a full export of every loaded type. @returns the connection, for an incremental export */
export async function checkFullExport(context: CheckContext, { level, without }: LevelFacts): Promise<string> {
  const { api, report } = context;
  const types = context.types.filter((type) => !without.includes(type));
  const connectionId = await api.createConnection();
  const view = await api.runExport(connectionId, { exportType: level, resourceTypes: types });
  report.fact({ what: 'the end of the export', expected: completed(), actual: endOf(view) });
  await compareStored(context, { connectionId, types, scope: { level } });
  return connectionId;
}

/** Runs an incremental export after the changes, and another one if the server ignores `_since`. */
export async function checkSinceLast(
  context: CheckContext,
  options: { readonly facts: LevelFacts; readonly connectionId: string; readonly deletedUnseen: ReadonlySet<string> },
): Promise<void> {
  const { api, report, server } = context;
  const { facts, connectionId, deletedUnseen } = options;
  const { level, without, ignoresSince, unchanged } = facts;
  const types = context.types.filter((type) => !without.includes(type));
  const runSinceLast = () => api.runExport(connectionId, { exportType: level, resourceTypes: types, since: 'last' });
  const view = await runSinceLast();
  const unlisted = 'deletions-not-listed';
  report.fact({ what: 'the end of the export', expected: completed([unlisted]), actual: endOf(view) });
  const repeated = (await api.unchangedTypes(view.id)).filter((type) => !unchanged(type));
  report.fact({ what: 'types whose unchanged resources were exported again', expected: [], actual: repeated });
  if (ignoresSince) {
    // The first one repeats what was stored after the time that the server gave for it, as a careful server does.
    const ignored = completed([unlisted, 'since-ignored']);
    report.fact({ what: 'the end of the next export', expected: ignored, actual: endOf(await runSinceLast()) });
  }
  for (const [index, number] of exactNumbers.entries()) {
    const text = await server.read(exactNumberPath(index));
    const isServed = text.replaceAll(/\s/g, '').includes(`"value":${number}}`);
    report.fact({ what: `whether the server serves ${number} with these digits`, expected: true, actual: isServed });
  }
  await compareStored(context, { connectionId, types, scope: { level, deletedUnseen } });
}

interface Refusal {
  readonly type: string;
  /** A part of the server's message. */
  readonly says: string;
  readonly reasons: readonly string[];
}

const unsupported: Refusal = {
  type: 'ImmunizationEvaluation',
  says: 'Resource type ImmunizationEvaluation is not a supported resource type!',
  // The CapabilityStatement does not list it either.
  reasons: ['type-refused', 'not-offered'],
};

/** Types that the server rejects at a level, each with another message. */
export const refusalsByLevel: readonly { readonly level: ExportLevel; readonly refusals: readonly Refusal[] }[] = [
  {
    level: 'Patient',
    refusals: [
      { type: 'Group', says: 'Resource types [Group, List] are omitted', reasons: ['type-refused'] },
      unsupported,
      { type: 'Location', says: 'Resource types [Location] are invalid', reasons: ['type-refused'] },
    ],
  },
  {
    level: 'System',
    refusals: [
      { type: 'Binary', says: 'Bulk export of Binary resources is forbidden', reasons: ['type-refused'] },
      unsupported,
    ],
  },
];

/**
 * Checks that a rejected type is left out and named, that its watermark stays, and that the other types are exported.
 */
export async function checkRefusedTypes(
  context: CheckContext,
  { level, refusals }: (typeof refusalsByLevel)[number],
): Promise<void> {
  const { api, report, server } = context;
  const otherTypes = ['Observation', 'Patient'];
  const refused = refusals.map(({ type }) => type);
  for (const { type, says } of refusals) {
    const path = level === 'System' ? '$export' : `${level}/$export`;
    const text = await server.kickOffText(`${path}?_type=Patient,${type}`);
    report.fact({ what: `the server's refusal of ${type}`, expected: says, actual: text.includes(says) ? says : text });
  }
  const connectionId = await api.createConnection();
  const view = await api.runExport(connectionId, { exportType: level, resourceTypes: [...otherTypes, ...refused] });
  const actual = { ...endOf(view), warnings: [...new Set(codesOf(view.warnings))] };
  // One warning for each type. It says that the watermark stays, too.
  const expected = completed(['parameter-dropped']);
  report.fact({ what: 'the end of the export', expected: { ...expected, partial: true }, actual });
  const dropped = refused.map((type) => `_type=${type}`);
  report.fact({
    what: 'the parameters that were dropped',
    expected: dropped,
    actual: view.droppedParameters.toSorted(),
  });
  for (const { type, reasons } of refusals) {
    const codes = view.warnings.filter(({ message }) => message.includes(type)).map(({ code }) => code);
    report.fact({ what: `the warnings that name ${type}`, expected: expected.warnings, actual: codes.toSorted() });
    const decision = view.watermarks?.find(({ resourceType }) => resourceType === type);
    const reasonCodes = decision?.reasons.map(({ code }) => code);
    report.fact({ what: `the reason why the watermark of ${type} stays`, expected: reasons, actual: reasonCodes });
  }
  report.fact({ what: 'watermarks', expected: otherTypes, actual: await api.watermarkTypes(connectionId) });
  await compareStored(context, { connectionId, types: otherTypes, scope: { level } });
}

/** Checks an export that the server accepts and then fails: Organizations at Patient level. */
export async function checkFailedExport({ api, report }: CheckContext): Promise<void> {
  const connectionId = await api.createConnection();
  const request = { exportType: 'Patient', resourceTypes: ['Organization', 'Patient'] } as const;
  const { status, errorCode, counts } = await api.runExport(connectionId, request);
  const expected = { status: 'FAILED', errorCode: 'export-failed-at-ehr', stored: 0 };
  report.fact({ what: 'the end of the export', expected, actual: { status, errorCode, stored: counts.stored } });
  report.fact({ what: 'watermarks', expected: [], actual: await api.watermarkTypes(connectionId) });
}

/** Checks that cancelling a running export also deletes it at the server. */
export async function checkCancel({ api, report, server, requests, types }: CheckContext): Promise<void> {
  const connectionId = await api.createConnection();
  const id = await api.startExport(connectionId, { exportType: 'System', resourceTypes: types });
  const { statusUrl = '' } = await api.exportThat(
    id,
    (view) => view.statusUrl !== undefined || view.status !== 'IN_PROGRESS',
  );
  const { status } = await api.cancelExport(id);
  report.fact({ what: 'the status after the cancel', expected: 'CANCELLED', actual: status });
  const path = statusUrl.slice(new URL(statusUrl).origin.length);
  const deletion = () => requests.find((request) => request.method === 'DELETE' && request.path === path);
  await api.exportThat(id, () => deletion() !== undefined);
  report.fact({ what: 'the answer to the DELETE', expected: 202, actual: deletion()?.status });
  report.fact({ what: 'the export at the server', expected: 404, actual: await server.statusOf(statusUrl) });
  const { warnings } = await api.exportThat(id, () => true);
  report.fact({ what: 'the warnings of the cancelled export', expected: [], actual: codesOf(warnings) });
}
