import { exportEndpoint } from '@bulkhead/ehr';
import type { FactName } from '@bulkhead/ehr/providers';
import { templateOf } from './ids.ts';
import type { KickOffPlace, KickOffResult, KickOffTrial } from './kick-offs.ts';
import { awaitManifest, countPatients, measureLink } from './measure-manifest.ts';
import type { ProbeWork } from './probe-work.ts';

/** Every patient matches it, so it leaves out nothing and changes nothing else that is measured. */
const matchesAll = 'Patient?_lastUpdated=gt1900-01-01';

/** Measures what a kick-off accepts. Several things are tried at once, and each alone only if they are refused together. */
export async function measureExports(work: ProbeWork): Promise<void> {
  const place = await findPlace(work);
  if (!place) {
    for (const name of kickOffFacts) work.sheet.unknown(name, 'no kick-off was accepted');
    return;
  }
  const { sheet } = work;
  const base: KickOffTrial = sheet.value('since') === 'accepted' ? { since: true } : {};
  const [first, ...others] = place.trials;
  if (first) await tryEach(work, place, { base, together: first });
  for (const together of others) await tryEach(work, place, { base, together });
  await measurePatient(work, place, base);
  await measureFilter(work, place);
}

const kickOffFacts: readonly FactName[] = [
  ...([
    'since',
    'sinceHonoured',
    'typeFilter',
    'typeFilterHonoured',
    'typeList',
    'typeRepeated',
    'post',
    'patient',
  ] as const),
  ...(['lenient', 'filesExpireSeconds', 'filesNeedToken', 'linkWorksTwice', 'retryAfterSeconds', 'progress'] as const),
  'deleteStatus',
];

interface Together {
  readonly trial: KickOffTrial;
  /** The fact that each part shows. */
  readonly parts: readonly (readonly [FactName, KickOffTrial])[];
}

type Place = KickOffPlace & { readonly trials: readonly Together[] };

/** Finds the level and the Group at which an export starts, and what the first kick-off shows. */
async function findPlace(work: ProbeWork): Promise<Place | undefined> {
  const { connection, sheet, secondType } = work;
  const { groupId } = connection;
  let why = '';
  for (const candidate of [...(groupId === undefined ? [] : [groupId, otherCase(groupId)]), undefined]) {
    const place = { endpoint: exportEndpoint(connection, candidate), secondType };
    const result = await tryFirst(work, place);
    if (result.kind === 'accepted') {
      sheet.set('exportLevel', candidate === undefined ? 'patient' : 'group', result.how);
      if (candidate !== undefined) noteGroup(work, candidate, result.how);
      return { ...place, trials: trialsAfter(work) };
    }
    why = result.how;
    // Another Group or level would have the same answer.
    if (result.kind === 'unclear') break;
  }
  sheet.unknown('exportLevel', why);
  sheet.unknown('groupIdTemplate', why);
  return undefined;
}

/** Starts the first export with as much as possible, and then with less. */
async function tryFirst(work: ProbeWork, place: KickOffPlace): Promise<KickOffResult> {
  const { sheet, secondType } = work;
  const isListed = secondType !== undefined;
  const whole: KickOffTrial = { since: true, typeFilter: matchesAll, ...(isListed ? { types: 'list' } : {}) };
  const together = await work.kickOffs.try(place, whole);
  if (together.kind === 'accepted') {
    for (const name of ['since', 'typeFilter', ...(isListed ? (['typeList'] as const) : [])] as const)
      sheet.set(name, 'accepted', together.how);
    await keepFirst(work, together, whole);
  }
  // A 404 is about the Group or the level.
  if (together.kind !== 'refused' || together.status === 404) return together;
  const since = await work.kickOffs.try(place, { since: true });
  if (since.kind === 'accepted') {
    sheet.set('since', 'accepted', since.how);
    await keepFirst(work, since, { since: true });
  }
  if (since.kind !== 'refused') return since;
  const bare = await work.kickOffs.try(place, {});
  if (bare.kind === 'accepted') {
    sheet.set('since', 'refused', since.how);
    await keepFirst(work, bare, {});
  }
  return bare;
}

function noteGroup({ connection, sheet }: ProbeWork, groupId: string, how: string): void {
  const template = connection.practiceId === undefined ? undefined : templateOf(groupId, connection.practiceId);
  if (template === undefined)
    sheet.unknown('groupIdTemplate', 'the id of the Group does not contain that of the practice');
  else sheet.set('groupIdTemplate', template, how);
}

/** `C` and `c` in `a-1.C-195900`, where athenahealth's pages disagree. */
function otherCase(groupId: string): string {
  return groupId.replace(/[A-Za-z](?=[^A-Za-z]*$)/, (letter) =>
    letter === letter.toUpperCase() ? letter.toLowerCase() : letter.toUpperCase(),
  );
}

/** What is left to try, in as few exports as possible. */
function trialsAfter({ sheet, secondType }: ProbeWork): Together[] {
  const parts: (readonly [FactName, KickOffTrial])[] = [];
  if (!sheet.has('typeFilter')) parts.push(['typeFilter', { typeFilter: matchesAll }]);
  if (secondType !== undefined && !sheet.has('typeList')) parts.push(['typeList', { types: 'list' }]);
  // These were refused together, so each is tried alone.
  const alone = parts.map((part) => ({ trial: part[1], parts: [part] }));
  const lenient = ['lenient', { isLenient: true }] as const;
  const repeated = ['typeRepeated', { types: 'repeated' }] as const;
  if (secondType !== undefined)
    return [...alone, { trial: { ...lenient[1], ...repeated[1] }, parts: [lenient, repeated] }];
  for (const name of ['typeList', 'typeRepeated'] as const)
    sheet.unknown(name, 'the EHR declares no second type that the token covers');
  return [...alone, { trial: lenient[1], parts: [lenient] }];
}

async function tryEach(
  work: ProbeWork,
  place: KickOffPlace,
  { base, together }: { readonly base: KickOffTrial; readonly together: Together },
): Promise<void> {
  const { trial, parts } = together;
  const result = await work.kickOffs.try(place, { ...base, ...trial });
  await drop(work, result);
  if (result.kind === 'refused' && parts.length > 1) {
    for (const part of parts) await tryEach(work, place, { base, together: { trial: part[1], parts: [part] } });
    return;
  }
  for (const [name] of parts) note(work, name, result);
}

function note({ sheet }: ProbeWork, name: FactName, result: KickOffResult): void {
  if (result.kind === 'unclear') sheet.unknown(name, result.how);
  else sheet.set(name, result.kind, result.how);
}

async function drop(work: ProbeWork, result: KickOffResult): Promise<void> {
  if (result.kind !== 'accepted') return;
  const status = await work.kickOffs.remove(result.statusUrl);
  work.sheet.set('deleteStatus', status, 'the deletion of an export');
}

/** Measures what the manifest of the first export shows, and deletes the export. */
async function keepFirst(work: ProbeWork, result: KickOffResult & { readonly kind: 'accepted' }, trial: KickOffTrial) {
  const { sheet } = work;
  const { statusUrl } = result;
  const hasClock = work.limited.clock() !== undefined;
  const manifest = await awaitManifest(work, statusUrl);
  if (!manifest) {
    for (const name of ['sinceHonoured', 'filesExpireSeconds', 'filesNeedToken', 'linkWorksTwice'] as const)
      sheet.unknown(name, 'the export did not end while the probe waited');
  } else if (trial.since) {
    const isEmpty = countPatients(manifest) === 0;
    const how = `an export of changes since its kick-off had ${isEmpty ? 'no' : 'a'} file of patients`;
    // Without the clock of the EHR the export covers a minute, in which a patient can have changed.
    if (isEmpty || hasClock) sheet.set('sinceHonoured', isEmpty, how);
    else sheet.unknown('sinceHonoured', 'patients may have changed in the minute before the export');
  }
  if (manifest) await measureLink(work, manifest);
  await drop(work, result);
}

async function measurePatient(work: ProbeWork, place: KickOffPlace, base: KickOffTrial): Promise<void> {
  const { sheet, patientId } = work;
  if (patientId === undefined) {
    sheet.unknown('patient', 'no patient is stored yet: run the probe again after the first export');
  } else {
    const result = await work.kickOffs.try(place, { ...base, isPost: true, patient: patientId });
    await drop(work, result);
    if (result.kind !== 'refused') {
      note(work, 'post', result);
      note(work, 'patient', result);
      return;
    }
    sheet.set('patient', 'refused', result.how);
  }
  const result = await work.kickOffs.try(place, { ...base, isPost: true });
  await drop(work, result);
  note(work, 'post', result);
  if (result.kind !== 'accepted' && sheet.has('patient')) sheet.clear('patient', 'it needs a kick-off by POST');
}

/** Exports one patient without `_since`, by a filter: a small export that has a file. */
async function measureFilter(work: ProbeWork, place: KickOffPlace): Promise<void> {
  const { sheet, patientId } = work;
  if (sheet.value('typeFilter') !== 'accepted') {
    sheet.unknown('typeFilterHonoured', 'the EHR does not accept `_typeFilter`');
    return;
  }
  if (patientId === undefined) {
    sheet.unknown('typeFilterHonoured', 'no patient is stored yet: run the probe again after the first export');
    return;
  }
  const result = await work.kickOffs.try(place, { typeFilter: `Patient?_id=${patientId}` });
  if (result.kind !== 'accepted') {
    sheet.unknown('typeFilterHonoured', result.how);
    return;
  }
  const manifest = await awaitManifest(work, result.statusUrl);
  const counts = manifest?.entries.filter(({ section, type }) => section === 'output' && type === 'Patient') ?? [];
  if (!manifest) sheet.unknown('typeFilterHonoured', 'the export did not end while the probe waited');
  else if (counts.some(({ count }) => count === undefined))
    sheet.unknown('typeFilterHonoured', 'the manifest has no counts');
  else
    sheet.set(
      'typeFilterHonoured',
      countPatients(manifest) <= 1,
      'an export of one patient by `_typeFilter`, by the counts of its manifest',
    );
  if (manifest && !sheet.has('linkWorksTwice')) await measureLink(work, manifest);
  await drop(work, result);
}
