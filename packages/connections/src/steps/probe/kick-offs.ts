import { AppError } from '@bulkhead/base';
import { deleteExport, EhrHttpError, ehrError, kickOffAnswer, type SessionRequest } from '@bulkhead/ehr';
import { type NamedValue, toParametersResource } from '@bulkhead/fhir';
import type { Probe } from '../../probe/probe.record.ts';
import type { ConnectionDeps } from '../deps.ts';
import type { LimitedSession } from './limited-session.ts';
import { ProbeStop } from './limited-session.ts';

/** What a kick-off of a probe sends besides its types. */
export interface KickOffTrial {
  readonly since?: boolean;
  readonly typeFilter?: string;
  /** Default: `Patient` alone. */
  readonly types?: 'list' | 'repeated';
  readonly isLenient?: boolean;
  readonly isPost?: boolean;
  readonly patient?: string;
}

export type KickOffResult =
  | { readonly kind: 'accepted'; readonly statusUrl: string; readonly how: string }
  | { readonly kind: 'refused'; readonly status: number; readonly how: string }
  /** Nothing is known of the parameters: the EHR is busy, refuses the client, or answered without the address of an export. */
  | { readonly kind: 'unclear'; readonly how: string };

export interface KickOffPlace {
  /** The FHIR endpoint with the level. */
  readonly endpoint: string;
  /** A second type for a list of types. Undefined if the EHR declares no other. */
  readonly secondType: string | undefined;
}

/** Statuses that refuse the request itself, and not its sender or its time. */
const refusals: ReadonlySet<number> = new Set([400, 404, 405, 406, 415, 422, 501]);
/** A deletion takes some servers seconds, until then "too many exports" is the answer. */
const busyWaitMs = 5000;
const busyTries = 3;

/** Starts exports of a probe. Each is listed in its record as soon as the EHR has answered, until it is deleted. */
export function createKickOffs(options: {
  readonly limited: LimitedSession;
  readonly probe: Probe;
  readonly deps: Pick<ConnectionDeps<'probes'>, 'store' | 'now'>;
  readonly signal: AbortSignal;
  readonly wait: (ms: number) => Promise<void>;
}) {
  const { limited, probe, deps, signal, wait } = options;
  const { store, now } = deps;

  const send = async (place: KickOffPlace, trial: KickOffTrial): Promise<KickOffResult> => {
    const current = await limited.check(1);
    if (current.used.exports >= current.limits.exports) throw new ProbeStop('limit');
    const how = describe(trial);
    try {
      const response = await limited.session.send(requestOf(place, { trial, since: sinceOf(limited, now()), signal }));
      const location = response.headers['content-location'];
      if (location === undefined || !URL.canParse(location, response.url))
        return { kind: 'unclear', how: `the EHR answered ${how} with ${response.status} and no address of an export` };
      const statusUrl = new URL(location, response.url).href;
      await store.probes.addExport(probe.id, statusUrl);
      await store.probes.count(probe, { exports: 1 });
      return { kind: 'accepted', statusUrl, how: `${how}: ${response.status}` };
    } catch (error) {
      if (!(error instanceof AppError) || limited.isSilent()) throw error;
      return toResult(error, how);
    }
  };

  return {
    /** @throws ProbeStop, and the error if the EHR does not answer at all */
    async try(place: KickOffPlace, trial: KickOffTrial): Promise<KickOffResult> {
      for (let tries = 1; ; tries++) {
        const result = await send(place, trial);
        if (result.kind !== 'unclear' || limited.lastHead()?.status !== 429 || tries >= busyTries) return result;
        await wait(busyWaitMs);
      }
    },
    /** Deletes an export at the EHR, and then from the record. @returns the status of the deletion */
    async remove(statusUrl: string): Promise<number | undefined> {
      await removeExport({ session: limited.session, statusUrl, signal });
      await store.probes.removeExport(probe.id, statusUrl);
      return limited.lastHead()?.status;
    },
  };
}

/** @throws AppError that says that an export stays at the EHR, if the EHR refuses the deletion */
export async function removeExport(options: Parameters<typeof deleteExport>[0]): Promise<void> {
  try {
    await deleteExport(options);
  } catch (error) {
    // After another status the deletion is repeated.
    if (!(error instanceof EhrHttpError) || ![400, 403, 405, 501].includes(error.status)) throw error;
    const message = `The EHR refused to delete an export of the probe (${error.status}), so the probe started no further one. The export stays at the EHR until it expires. Ask the EHR's support how a client deletes an export.`;
    throw ehrError('ehr-forbidden', { message, cause: error });
  }
}

function requestOf(
  place: KickOffPlace,
  options: { readonly trial: KickOffTrial; readonly since: Date; readonly signal: AbortSignal },
): SessionRequest {
  const { trial, signal } = options;
  const parameters = parametersOf(place, options);
  const prefer = trial.isLenient ? 'respond-async, handling=lenient' : 'respond-async';
  const request = {
    headers: { accept: 'application/fhir+json', prefer },
    priority: 'kick-off',
    answer: kickOffAnswer,
    retries: 0,
    sendToken: true,
    signal,
    // The address of the export is only in this answer.
    keptOnceSent: true,
  } as const;
  if (!trial.isPost)
    return {
      ...request,
      method: 'GET',
      url: `${place.endpoint}?${new URLSearchParams(parameters)}`,
    };
  const headers = { ...request.headers, 'content-type': 'application/fhir+json' };
  return { ...request, method: 'POST', url: place.endpoint, headers, body: toParametersResource(parameters) };
}

function toResult(error: AppError, how: string): KickOffResult {
  if (!(error instanceof EhrHttpError)) return { kind: 'unclear', how: `${how} got no usable answer (${error.code})` };
  const { status } = error;
  if (refusals.has(status)) return { kind: 'refused', status, how: `${how}: ${status}` };
  return { kind: 'unclear', how: `the EHR answered ${how} with ${status}` };
}

function parametersOf(
  { secondType }: KickOffPlace,
  { trial, since }: { readonly trial: KickOffTrial; readonly since: Date },
): NamedValue[] {
  const { types, typeFilter, patient } = trial;
  const second = secondType ?? 'Patient';
  const named: NamedValue[] =
    types === 'list'
      ? [['_type', `Patient,${second}`]]
      : types === 'repeated'
        ? [
            ['_type', 'Patient'],
            ['_type', second],
          ]
        : [['_type', 'Patient']];
  if (trial.since) named.push(['_since', since.toISOString()]);
  if (typeFilter !== undefined) named.push(['_typeFilter', typeFilter]);
  if (patient !== undefined) named.push(['patient', `Patient/${patient}`]);
  return named;
}

/** Servers refuse a time in the future, and clocks differ. */
const clockSlackMs = 60_000;

/** The present, by the clock of the EHR if its responses have the time. */
function sinceOf(limited: LimitedSession, now: Date): Date {
  return limited.clock() ?? new Date(now.getTime() - clockSlackMs);
}

/** In words without a value, because a value can be the id of a patient. */
function describe({ since, typeFilter, types, isLenient, isPost, patient }: KickOffTrial): string {
  const parts = [
    ...(since ? ['`_since`'] : []),
    ...(typeFilter === undefined ? [] : ['`_typeFilter`']),
    ...(types === undefined ? [] : [types === 'list' ? '`_type` as a list' : '`_type` twice']),
    ...(patient === undefined ? [] : ['`patient`']),
    ...(isLenient ? ['`handling=lenient`'] : []),
  ];
  return `a kick-off by ${isPost ? 'POST' : 'GET'}${parts.length === 0 ? '' : ` with ${parts.join(', ')}`}`;
}
