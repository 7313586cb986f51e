import { setTimeout as delay } from 'node:timers/promises';
import { type BulkExportPhase, isTerminal } from '@bulkhead/imports/export';
import type { Random } from '../../random.ts';
import { pollUntil } from '../../system/poll-until.ts';
import type { ExportWatch, WatchedExport } from '../export/export-watch.ts';

/** The moment in an export at which the fault is injected. */
export type Moment =
  /** After the POST was sent, also before it arrives or is accepted. */
  | { readonly on: 'delay'; readonly delayMs: number }
  /** In a phase, after a delay. */
  | { readonly on: 'phase'; readonly phase: BulkExportPhase; readonly delayMs: number }
  /** When this share of the promised lines is stored. */
  | { readonly on: 'progress'; readonly share: number };

/** The phases that last long enough to inject a fault in. */
const phases: readonly BulkExportPhase[] = ['queued', 'kicking-off', 'exporting', 'downloading', 'finalizing'];
/** An undisturbed full export takes about this long here, an incremental one half as long. */
const exportMs = 2500;
/**
 * Longer than most steps (a batch, a transition with its fsync), so that the time after the start of a phase is covered
 * as well.
 */
const stepMs = 150;

export function drawMoment(random: Random): Moment {
  const on = random.pick(['delay', 'phase', 'progress'] as const);
  if (on === 'delay') return { on, delayMs: random.integer(0, exportMs) };
  if (on === 'phase') return { on, phase: random.pick(phases), delayMs: random.integer(0, stepMs) };
  return { on, share: random.integer(1, 95) / 100 };
}

export function describeMoment(moment: Moment): string {
  if (moment.on === 'delay') return `${moment.delayMs} ms after the POST`;
  if (moment.on === 'phase') return `${moment.phase} + ${moment.delayMs} ms`;
  return `${Math.round(moment.share * 100)} % stored`;
}

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
