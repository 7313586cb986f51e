import { knownFaults } from '../compare/known-faults.ts';
import { deletedPatientId } from '../server/bulk-file-routes.ts';
import { type ClientReading, readWithClient, type ValidationFault } from '../server/read-with-client.ts';
import { examplesEnvironment } from '../system/provider.ts';
import type { CheckContext } from './check.ts';

/**
 * Reads the FHIR base URL of a connection with the ordinary calls of HAPI's client, which also validates every response, and compares
 * what it read with what is stored.
 */
export async function checkClient(
  context: Pick<CheckContext, 'api' | 'report' | 'types'>,
  { connectionId, classPath }: { readonly connectionId: string; readonly classPath: string },
): Promise<void> {
  const { api, report, types } = context;
  const stored = new Map<string, ReadonlyMap<string, StoredResource>>();
  for (const type of types) stored.set(type, (await api.stored(connectionId, type)) as Map<string, StoredResource>);
  const deletedUrl = await storeDeletion(context);
  const fhirUrl = api.fhirUrl(connectionId);
  const reading = await readWithClient({ classPath, fhirUrl, deletedUrl, apiKey: api.apiKey, types });
  const fact = (what: string, expected: unknown, actual: unknown) =>
    report.fact({ what: `${what}, read by HAPI's client`, expected, actual });

  fact('the version of FHIR', '4.0.1', reading.fhirVersion);
  for (const [type, resources] of stored) {
    // A search of Groups begins with that of the connection, which is not stored.
    const own = type === 'Group' ? [connectionId] : [];
    fact(`the ids of ${type}`, [...own, ...[...resources.keys()].sort()], reading.ids[type]);
  }
  const observations = stored.get('Observation') ?? new Map<string, StoredResource>();
  for (const [order, ids] of Object.entries(reading.orders)) {
    fact(`the ids of Observation by ${order}`, [...observations.keys()].sort(), ids.toSorted());
    const times = ids.map((id) => timeOf(observations.get(id), order));
    const descending = order.startsWith('-') ? -1 : 1;
    fact(
      `the times of Observation by ${order}`,
      times.toSorted((left, right) => (left - right) * descending),
      times,
    );
  }
  for (const [include, ids] of Object.entries(reading.included))
    fact(`what ${include} includes`, targetsOf(include, stored), ids);
  const ofPatient = [...observations.values()].filter(
    ({ subject }) => subject?.reference === `Patient/${reading.patient}`,
  );
  compareInstance({ fact, reading, expected: ofPatient.map(({ id }) => id).sort() });
  fact('the history of Observation', [...observations.keys()].sort(), reading.typeHistory.toSorted());
  const references = [...stored].flatMap(([type, resources]) => [...resources.keys()].map((id) => `${type}/${id}`));
  fact('the history of all types', references.sort(), reading.systemHistory);
  fact('errors', expectedErrors, reading.errors);
  compareFaults({ report, faults: reading.faults, fhirUrl });
}

interface StoredResource {
  readonly id: string;
  readonly meta?: { readonly lastUpdated?: string };
  readonly effectiveDateTime?: string;
  readonly effectivePeriod?: { readonly start?: string };
  readonly subject?: Reference;
  readonly encounter?: Reference;
  readonly serviceProvider?: Reference;
  readonly participant?: readonly { readonly individual?: Reference }[];
}

interface Reference {
  readonly reference?: string;
}

type Fact = (what: string, expected: unknown, actual: unknown) => void;

/** Stores a deletion in another connection, because HAPI lists none. @returns the URL of the deleted resource */
async function storeDeletion({ api, report }: Pick<CheckContext, 'api' | 'report'>): Promise<string> {
  const connectionId = await api.createConnection(examplesEnvironment);
  const { status } = await api.runExport(connectionId, { exportType: 'System', resourceTypes: ['Patient'] });
  report.fact({ what: 'the export with a deletion', expected: 'COMPLETED', actual: status });
  return `${api.fhirUrl(connectionId)}/Patient/${deletedPatientId}`;
}

/** The time that an order compares. A resource without one is before all others. */
function timeOf(resource: StoredResource | undefined, order: string): number {
  const { meta, effectiveDateTime, effectivePeriod } = resource ?? {};
  const text = order.endsWith('_lastUpdated') ? meta?.lastUpdated : (effectiveDateTime ?? effectivePeriod?.start);
  return text === undefined ? 0 : Date.parse(text);
}

const includedElements: Readonly<Record<string, (resource: StoredResource) => readonly (Reference | undefined)[]>> = {
  'Observation:patient': ({ subject }) => [subject],
  'Observation:encounter': ({ encounter }) => [encounter],
  'Encounter:participant': ({ participant = [] }) => participant.map(({ individual }) => individual),
  'Encounter:service-provider': ({ serviceProvider }) => [serviceProvider],
};

/** The stored resources to which the stored resources of the type refer, sorted. */
function targetsOf(include: string, stored: ReadonlyMap<string, ReadonlyMap<string, StoredResource>>): string[] {
  const [type = ''] = include.split(':');
  const resources = [...(stored.get(type)?.values() ?? [])];
  const references = resources.flatMap((resource) =>
    (includedElements[include]?.(resource) ?? []).map((element) => element?.reference ?? ''),
  );
  return [...new Set(references)]
    .filter((reference) => {
      const [targetType = '', id = ''] = reference.split('/');
      return stored.get(targetType)?.has(id);
    })
    .sort();
}

function compareInstance({
  fact,
  reading,
  expected,
}: {
  readonly fact: Fact;
  readonly reading: ClientReading;
  /** The ids of the Observations of the patient. */
  readonly expected: readonly string[];
}): void {
  const { patient, isSameVersion, conditionalReads, instanceHistory, compartment, total } = reading;
  fact('whether a version of a Patient equals the Patient', true, isSameVersion);
  fact('an unchanged and a changed Patient', [null, patient], conditionalReads);
  fact('the history of a Patient', [patient], instanceHistory);
  fact('the Observations of a Patient by GET', expected, compartment.GET.toSorted());
  fact('the Observations of a Patient by POST', compartment.GET, compartment.POST);
  fact('the total of the Observations of a Patient', expected.length, total);
}

const expectedErrors = {
  unknown: ['ResourceNotFoundException', 'not-found', 'urn:bulkhead:error|unknown-resource'],
  'unknown version': ['ResourceNotFoundException', 'not-found', 'urn:bulkhead:error|unknown-resource'],
  deleted: ['ResourceGoneException', 'deleted', 'urn:bulkhead:error|resource-deleted'],
  invalid: ['InvalidRequestException', 'invalid', 'urn:bulkhead:error|invalid-request'],
  write: ['MethodNotAllowedException', 'not-supported', 'urn:bulkhead:error|method-not-allowed'],
};

/** More faults are mostly the same ones in other responses. */
const shownFaults = 10;

/** Every fault that no row of the list explains is a difference. */
function compareFaults({
  report,
  faults,
  fhirUrl,
}: Pick<CheckContext, 'report'> & { readonly faults: readonly ValidationFault[]; readonly fhirUrl: string }): void {
  const unexplained = faults.filter((fault) => {
    const known = knownFaults.find(({ explains }) => explains(fault));
    if (known) report.explained(known);
    return !known;
  });
  for (const { request, severity, location, message } of unexplained.slice(0, shownFaults)) {
    const what = `the validation of ${request.replace(fhirUrl, '')} at ${location}`;
    report.fact({ what, expected: 'no fault', actual: `${severity} ${message}` });
  }
  report.fact({ what: "faults that HAPI's validator found", expected: 0, actual: unexplained.length });
}
