import { setTimeout as delay } from 'node:timers/promises';
import { type BulkExportPhase, isTerminal } from '@bulkhead/imports/export';
import { pollUntil } from '../../system/poll-until.ts';
import type { ExportWatch, WatchedExport } from '../export/export-watch.ts';
import type { Moment } from './moment.ts';

const order: readonly BulkExportPhase[] = ['queued', 'kicking-off', 'exporting', 'downloading', 'finalizing'];
/**
 * If the export has not reached the moment by then, a fault of the server delays it. The injected fault then comes in
 * addition.
 */
const timeoutMs = 8000;
const intervalMs = 2;

/** Resolves at the moment, or after it has passed: phases of a few ms are sometimes missed. */
export async function waitForMoment(moment: Moment, watch: ExportWatch) {
  if (moment.on !== 'delay') {
    await pollUntil(() => isReached(moment, watch.current) || undefined, { timeoutMs, intervalMs });
  }
  if (moment.on !== 'progress') await delay(moment.delayMs);
}

function isReached(moment: Exclude<Moment, { on: 'delay' }>, current: WatchedExport | undefined): boolean {
  if (!current) return false;
  if (isTerminal(current.phase)) return true;
  if (moment.on === 'progress') return current.progress >= moment.share;
  return order.indexOf(current.phase) >= order.indexOf(moment.phase);
}
