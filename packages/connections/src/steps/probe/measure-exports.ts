import type { FactName } from '@bulkhead/ehr/providers';
import type { Connection } from '../../connection.record.ts';
import { type KickOffResult, KickOffStop, type Trial } from './kick-offs.ts';
import { awaitManifest, measureLink, noteHonoured } from './measure-manifest.ts';
import { type ProbeWork, templateOf } from './probe-work.ts';

type Accepted = KickOffResult & { readonly kind: 'accepted' };
type Refused = KickOffResult & { readonly kind: 'refused' };

const kickOffFacts: readonly FactName[] = [
  ...(['exportLevel', 'groupIdTemplate', 'since', 'sinceHonoured', 'typeFilter', 'typeFilterHonoured'] as const),
  ...(['typeList', 'typeRepeated', 'post', 'patient', 'patientHonoured', 'until', 'untilHonoured'] as const),
  ...(['lenient', 'filesExpireSeconds', 'filesNeedToken', 'linkWorksTwice', 'retryAfterSeconds', 'progress'] as const),
  'deleteStatus',
];

/** Measures what kick-offs accept, and what the EHR then leaves out of exports. */
export async function measureExports(work: ProbeWork): Promise<void> {
  const { sheet, probe, session } = work;
  const { kickOffWindow } = session.provider;
  if (probe.limits.exports === 0) {
    const why = kickOffWindow
      ? `the EHR exports a Group once in ${kickOffWindow.hours} hours, so the probe started no export`
      : 'the probe was started without exports';
    return sheet.fill(kickOffFacts, why);
  }
  try {
    await measureKickOffs(work);
  } catch (error) {
    if (!(error instanceof KickOffStop)) throw error;
    if (error.postponed) sheet.set('kickOffPostponed', error.postponed, error.message);
    sheet.fill(kickOffFacts, error.message);
  }
}

async function measureKickOffs(work: ProbeWork): Promise<void> {
  const { sheet, patientIds, secondType } = work;
  const [patientId] = patientIds;
  const types = secondType === undefined ? undefined : { resourceTypes: ['Patient', secondType] };
  const list: Trial[] = types
    ? [{ fact: 'typeList', label: '`_type` as a list', parameter: '_type', request: types }]
    : [];
  const since = sinceTrial(work);
  const connection = await findPlace(work, [[since, ...list], [since], []]);
  const base = sheet.value('since') === 'accepted' ? [since] : [];
  const run = (trials: readonly Trial[], known: readonly Trial[] = []) =>
    tryTogether(work, { connection, base, trials, known });

  if (!sheet.has('typeList') && types) await run(list, base);
  const repeated: Trial[] = types
    ? [
        {
          fact: 'typeRepeated',
          label: '`_type` twice',
          parameter: '_type',
          request: types,
          form: { repeatsTypes: true },
        },
      ]
    : [];
  await run([filterTrial(patientId), ...repeated]);
  if (patientId !== undefined) await run([patientTrial(patientId)]);
  if (!sheet.has('post')) await run([{ fact: 'post', label: 'POST', form: { method: 'POST' } }], base);
  if (sheet.value('post') !== 'accepted' && sheet.has('patient')) sheet.clear('patient', 'it needs a kick-off by POST');
  await run([untilTrial]);
  await run([{ fact: 'lenient', label: '`handling=lenient`', form: { isLenient: true } }], base);

  sheet.fill(['typeList', 'typeRepeated'], 'the EHR declares no second type that the token covers');
  sheet.fill(['patient', 'patientHonoured', 'typeFilterHonoured'], noPatient);
}

const noPatient = 'no patient is stored yet: run the probe again after the first export';

/** Changes since now, by the clock of the EHR if its responses have the time. */
function sinceTrial({ limited, deps }: ProbeWork): Trial {
  // Servers refuse a time in the future, and clocks differ.
  const since = limited.clock() ?? new Date(deps.now().getTime() - 60_000);
  return {
    fact: 'since',
    label: '`_since`',
    parameter: '_since',
    request: { since: since.toISOString() },
    narrows: { fact: 'sinceHonoured', atMost: 0 },
  };
}

/** One patient, or before the first import every patient. */
function filterTrial(patientId: string | undefined): Trial {
  const filter = patientId === undefined ? '_lastUpdated=gt1900-01-01' : `_id=${patientId}`;
  const trial = { fact: 'typeFilter', label: '`_typeFilter`', parameter: '_typeFilter' } as const;
  const request = { typeFilters: [`Patient?${filter}`] };
  if (patientId === undefined) return { ...trial, request };
  return { ...trial, request, narrows: { fact: 'typeFilterHonoured', atMost: 1 } };
}

function patientTrial(patientId: string): Trial {
  return {
    fact: 'patient',
    label: '`patient` by POST',
    parameter: 'patient',
    request: { patients: [patientId] },
    narrows: { fact: 'patientHonoured', atMost: 1 },
  };
}

/** No resource is so old. */
const untilTrial: Trial = {
  fact: 'until',
  label: '`_until`',
  parameter: '_until',
  request: { until: '1900-01-01T00:00:00Z' },
  narrows: { fact: 'untilHonoured', atMost: 0 },
};

/** Finds the level and the Group at which an export starts. @throws KickOffStop */
async function findPlace(work: ProbeWork, choices: readonly (readonly Trial[])[]): Promise<Connection> {
  const { groupId, ...ofPatients } = work.connection;
  const candidates = groupId === undefined ? [ofPatients] : [work.connection, ofPatients];
  let how = '';
  for (const connection of candidates) {
    const outcome = await startFirst(work, { connection, choices });
    if (typeof outcome !== 'string') return outcome;
    how = outcome;
  }
  throw new KickOffStop(`no kick-off was accepted (${how})`);
}

/** Starts the first export with as much as possible, and then with less. @returns how it was refused, if each was */
async function startFirst(
  work: ProbeWork,
  { connection, choices }: { readonly connection: Connection; readonly choices: readonly (readonly Trial[])[] },
): Promise<Connection | string> {
  const alone: (readonly [Trial, Refused])[] = [];
  let how = '';
  for (const trials of choices) {
    const { result, tried } = await startNamed(work, { connection, trials });
    how = result.how;
    if (result.kind === 'accepted') {
      const place = notePlace(work, { connection, result });
      for (const [trial, refusal] of alone) noteRefused(work, trial, refusal);
      await noteAccepted(work, { result, tried, isFirst: true });
      return place;
    }
    // It is about the Group or the level.
    if (result.status === 404 || result.status === 410) break;
    const [trial, ...others] = tried;
    if (trial && others.length === 0) alone.push([trial, result]);
  }
  return how;
}

function notePlace(
  { connection: { practiceId }, sheet }: ProbeWork,
  options: { readonly connection: Connection; readonly result: Accepted },
): Connection {
  const { result, connection } = options;
  const { started, how } = result;
  const groupId = started.groupId ?? connection.groupId;
  sheet.set('exportLevel', groupId === undefined ? 'patient' : 'group', how);
  if (groupId === undefined) return connection;
  const template = practiceId === undefined ? undefined : templateOf(groupId, practiceId);
  if (template !== undefined) sheet.set('groupIdTemplate', template, how);
  else sheet.unknown('groupIdTemplate', 'the id of the Group does not contain that of the practice');
  return { ...connection, groupId };
}

interface Together {
  readonly connection: Connection;
  readonly trials: readonly Trial[];
  /** What the EHR has accepted before. */
  readonly known?: readonly Trial[];
}

/** Starts an export without what the EHR refuses by its name. */
async function startNamed(work: ProbeWork, { connection, trials, known = [] }: Together) {
  for (let tried = trials; ; ) {
    const result = await work.kickOffs.start(connection, [...known, ...tried]);
    const refused =
      result.kind === 'refused' ? tried.find(({ parameter }) => parameter === result.parameter) : undefined;
    if (!refused?.parameter) return { result, tried };
    work.sheet.set(refused.fact, 'refused', result.how);
    tried = tried.filter((trial) => trial !== refused);
    if (tried.length === 0 && work.sheet.has('exportLevel')) return { result, tried };
  }
}

/** Tries several things at once, and each alone if they are refused together without a name. @throws KickOffStop */
async function tryTogether(work: ProbeWork, { base, ...together }: Together & { readonly base: readonly Trial[] }) {
  const { result, tried } = await startNamed(work, together);
  const [only, ...others] = tried;
  if (!only) return;
  if (result.kind === 'accepted') return noteAccepted(work, { result, tried });
  if (others.length > 0) {
    for (const trial of tried) await tryTogether(work, { ...together, base, trials: [trial] });
    return;
  }
  // The refusal can have any reason, such as the time. So the EHR must still accept what it has accepted before.
  const control = await work.kickOffs.start(together.connection, base);
  if (control.kind === 'refused') throw new KickOffStop('the EHR then refused also what it had accepted before');
  await drop(work, control);
  noteRefused(work, only, result);
}

/** Statuses that refuse the request itself, and not its sender. */
const refusals: ReadonlySet<number> = new Set([400, 404, 405, 406, 415, 422, 500, 501]);

function noteRefused({ sheet }: ProbeWork, { fact }: Trial, { status, how }: Refused): void {
  if (refusals.has(status)) sheet.set(fact, 'refused', how);
  else sheet.unknown(fact, how);
}

/** Notes what the EHR has accepted and what it honours, and deletes the export. */
async function noteAccepted(
  work: ProbeWork,
  options: { readonly result: Accepted; readonly tried: readonly Trial[]; readonly isFirst?: boolean },
): Promise<void> {
  const { sheet } = work;
  const { result, tried, isFirst = false } = options;
  for (const trial of tried) noteTrial(work, trial, result);
  const { sent, noChanges } = result.started;
  if (sent.method === 'POST') sheet.set('post', 'accepted', result.how);
  else if (sent.isOtherMethodRefused) sheet.set('post', 'refused', result.how);
  const narrows = noChanges ? undefined : tried.find((trial) => trial.narrows)?.narrows;
  if (narrows || isFirst) {
    const manifest = await awaitManifest(work, result.statusUrl);
    if (narrows) noteHonoured(work, { manifest, ...narrows });
    if (manifest && !sheet.has('linkWorksTwice')) await measureLink(work, manifest);
  }
  await drop(work, result);
}

function noteTrial({ sheet }: ProbeWork, { fact, form, request }: Trial, { started, how }: Accepted): void {
  // The method that was used is known for each export.
  if (form?.method) return;
  const { sent, noChanges } = started;
  if (sent.types.length < (request?.resourceTypes?.length ?? 0)) sheet.unknown(fact, 'the EHR refused the second type');
  else if (fact === 'since' && noChanges) sheet.unknown(fact, emptyOrUnknown);
  else sheet.set(fact, 'accepted', how);
}

const emptyOrUnknown = 'the EHR answered it with 404, which means no changes, or that it does not know `_since`';

async function drop(work: ProbeWork, { statusUrl }: Accepted): Promise<void> {
  work.sheet.set('deleteStatus', await work.kickOffs.remove(statusUrl), 'the deletion of an export');
}
