import { AppError, present } from '@bulkhead/base';
import { deleteExport, EhrHttpError, ehrError, type KickOff, type KickOffForm, kickOffExport } from '@bulkhead/ehr';
import type { FactName, FactValue } from '@bulkhead/ehr/providers';
import type { BulkExportRequest } from '@bulkhead/fhir';
import type { Connection } from '../../connection.record.ts';
import type { Probe } from '../../probe/probe.record.ts';
import type { ConnectionDeps } from '../deps.ts';
import { type LimitedSession, ProbeStop } from './limited-session.ts';

/** One thing that a kick-off tries. */
export interface Trial {
  /** Whether the EHR accepts it. */
  readonly fact: FactName;
  /** In words without a value, because a value can be the id of a patient. */
  readonly label: string;
  /** The parameter by whose name an EHR refuses it. */
  readonly parameter?: string;
  readonly request?: Partial<BulkExportRequest>;
  readonly form?: KickOffForm;
  /** Whether the EHR honours it: then the export has at most so many patients. */
  readonly narrows?: { readonly fact: FactName; readonly atMost: number };
}

export type KickOffResult =
  | { readonly kind: 'accepted'; readonly started: KickOff; readonly statusUrl: string; readonly how: string }
  | {
      readonly kind: 'refused';
      readonly status: number;
      /** What the EHR refuses by its name. Without it, the refusal can have any reason. */
      readonly parameter?: string;
      readonly how: string;
    };

type Postponement = FactValue<'kickOffPostponed'>;

/** Ends the kick-offs of a probe: the EHR accepts none now, or a further one could leave another export running. */
export class KickOffStop extends Error {
  readonly postponed: Postponement | undefined;

  constructor(message: string, postponed?: Postponement) {
    super(message);
    this.postponed = postponed;
  }
}

/** The errors of refusals for their time. */
const postponements: Readonly<Record<string, readonly [Postponement, string]>> = {
  'kick-off-too-recent': ['too-recent', 'because its last export is too recent'],
  'kick-off-busy': ['busy', 'while another export runs'],
  'ehr-throttled': ['busy', 'and asked for fewer requests'],
};

/** A deletion takes some servers seconds, until then "too many exports" is the answer. */
const busyWaitMs = 5000;
const busyTries = 3;

/** Starts exports of a probe, as exports do. Each is listed in its record as soon as the EHR has answered, until it is deleted. */
export function createKickOffs(options: {
  readonly limited: LimitedSession;
  readonly probe: Probe;
  readonly deps: Pick<ConnectionDeps<'probes'>, 'store'>;
  readonly signal: AbortSignal;
  readonly wait: (ms: number) => Promise<void>;
}) {
  const { limited, probe, deps, signal, wait } = options;
  const { store } = deps;
  const { session } = limited;

  const send = async (connection: Connection, trials: readonly Trial[]): Promise<KickOffResult> => {
    const current = await limited.check(1);
    if (current.used.exports >= current.limits.exports) throw new ProbeStop('limit');
    const how = describe(trials);
    try {
      const started = await kickOffExport({
        session: { ...session, connection },
        request: requestOf(connection, trials),
        form: Object.assign({}, ...trials.map(({ form }) => form)),
        signal,
      });
      const statusUrl = (started.statusUrl ?? started.noChanges?.unneededUrl) as string;
      await store.probes.addExport(probe.id, statusUrl);
      await store.probes.count(probe, { exports: 1 });
      return { kind: 'accepted', started, statusUrl, how: `${how}: ${limited.lastHead()?.status}` };
    } catch (error) {
      if (!(error instanceof AppError) || limited.isSilent()) throw error;
      return toRefusal(error, how);
    }
  };

  return {
    /** @throws ProbeStop, KickOffStop, and the error if the EHR does not answer at all */
    async start(connection: Connection, trials: readonly Trial[]): Promise<KickOffResult> {
      for (let tries = 1; ; tries++) {
        try {
          return await send(connection, trials);
        } catch (error) {
          const isBusy = error instanceof KickOffStop && error.postponed === 'busy';
          if (!isBusy || tries >= busyTries || (await limited.check(1)).used.exports === 0) throw error;
          await wait(busyWaitMs);
        }
      }
    },
    /** Deletes an export at the EHR, and then from the record. @returns the status of the deletion */
    async remove(statusUrl: string): Promise<number | undefined> {
      await removeExport({ session, statusUrl, signal });
      await store.probes.removeExport(probe.id, statusUrl);
      return limited.lastHead()?.status;
    },
  };
}

/** @throws KickOffStop if the EHR may be running an export, or refuses a kick-off for its time */
function toRefusal(error: AppError, how: string): KickOffResult {
  const { code, context } = error;
  const [postponed, why] = postponements[code] ?? [];
  if (postponed) throw new KickOffStop(`the EHR refused ${how} ${why}`, postponed);
  const { status, parameter } = context;
  const isAnswered = error instanceof EhrHttpError || code === 'export-not-offered' || code === 'parameter-refused';
  if (!isAnswered || typeof status !== 'number' || status >= 502)
    throw new KickOffStop(`the EHR sent no usable response to ${how} (${code})`);
  return { kind: 'refused', status, how: `${how}: ${status}`, ...present({ parameter: parameter as string }) };
}

/** Of patients alone, so that exports are small. */
function requestOf({ groupId }: Connection, trials: readonly Trial[]): BulkExportRequest {
  const exportType = groupId === undefined ? 'Patient' : 'Group';
  const request = { exportType, resourceTypes: ['Patient'], allowUnfiltered: true } as const;
  return Object.assign({}, request, ...trials.map((trial) => trial.request));
}

function describe(trials: readonly Trial[]): string {
  return ['a kick-off', trials.map(({ label }) => label).join(', ')].filter(Boolean).join(' with ');
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
