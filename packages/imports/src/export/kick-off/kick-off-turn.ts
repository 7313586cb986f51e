/*
 * What an EHR is known to refuse is not sent. Before a kick-off, an export waits
 *
 *   until `notBefore`, if the EHR has refused it for now,
 *   until the end of the provider's `kickOffWindow` after the last kick-off of the Group,
 *   for one of the slots of its practice, if the environment has `maxActiveExports`.
 *
 * A wait is an AppError with the time in `context.until`. The record shows it, and the job runs again then.
 */

import { AppError } from '@bulkhead/base';
import type { Connection } from '@bulkhead/connections';
import { exportsGroup } from '@bulkhead/ehr';
import type { Provider } from '@bulkhead/ehr/providers';
import type { BulkExportRequest } from '@bulkhead/fhir';
import type { BulkExport } from '../bulk-export.record.ts';
import { exportError } from '../errors.ts';
import type { BulkExportStore } from '../export.feature.ts';
import type { BulkExportDeps } from '../export-deps.ts';
import { requestHash } from '../sent-request.ts';

const hourMs = 60 * 60_000;
/** The EHR measures the window by its own clock and from its own start of the last export. */
const windowMarginMs = 60_000;

interface Turn {
  readonly record: BulkExport;
  readonly connection: Connection;
  readonly provider: Provider;
}

/** @throws AppError `kick-off-too-recent`, `kick-off-window`, `export-slots-used` if the export must wait */
export async function awaitTurn(deps: BulkExportDeps<'bulkExports' | 'exportSlots'>, turn: Turn): Promise<void> {
  const { store, now } = deps;
  const { record, connection, provider } = turn;
  const { notBefore, retrying } = record;
  if (notBefore && notBefore > now())
    throw new AppError({
      code: retrying?.code ?? 'kick-off-too-recent',
      message: retrying?.message ?? 'The EHR asked to send the kick-off later.',
      retry: { afterMs: notBefore.getTime() - now().getTime() },
      context: { until: notBefore },
      ehrText: retrying?.ehrText,
    });
  const until = await windowEnd({ store, provider, connection, request: record.request });
  if (until && until > now())
    throw exportError('kick-off-window', {
      message: `The EHR exports a Group once in ${provider.kickOffWindow?.hours} hours, so this export waits until the time is over.`,
      retry: { afterMs: until.getTime() - now().getTime() },
      context: { until },
    });
  await takeSlot(deps, turn);
}

/** When the EHR accepts the next export of the Group. Undefined if the provider has no window, or nothing was exported within it. */
export async function windowEnd(options: {
  readonly store: Pick<BulkExportStore, 'bulkExports'>;
  readonly provider: Provider;
  readonly connection: Connection;
  readonly request: Pick<BulkExportRequest, 'exportType'>;
}): Promise<Date | undefined> {
  const { store, provider, connection, request } = options;
  const { hours } = provider.kickOffWindow ?? {};
  if (hours === undefined || !exportsGroup(connection, request)) return undefined;
  const last = await store.bulkExports.lastGroupKickOff(connection.id);
  return last && new Date(last.getTime() + hours * hourMs + windowMarginMs);
}

/** Connections of one practice share its slots, whatever client they use. */
function practiceOf({ provider, environment, practiceId, groupId, fhirEndpoint }: Connection): string {
  return requestHash([provider, environment, fhirEndpoint, practiceId ?? groupId]);
}

async function takeSlot(
  { store, pollIntervalMs }: BulkExportDeps<'bulkExports' | 'exportSlots'>,
  { record, connection, provider }: Turn,
) {
  const { environments } = provider;
  const { environment, id: connectionId } = connection;
  const slots = Object.hasOwn(environments, environment) ? environments[environment]?.maxActiveExports : undefined;
  if (slots === undefined) return;
  const active = await store.exportSlots.take({
    practice: practiceOf(connection),
    exportId: record.id,
    connectionId,
    slots,
  });
  if (!active) return;
  throw exportError('export-slots-used', {
    message: `The EHR runs at most ${slots} exports of a practice at a time. This export waits until one of them has ended: ${active.join(', ')}.`,
    // A slot becomes free when a status request finds that its export has ended.
    retry: { afterMs: pollIntervalMs },
  });
}
