import type { components } from '@bulkhead/client';
import { toErrorText, toWarningText } from './coded-text.ts';
import { toTimes } from './for-people.ts';

type Schemas = components['schemas'];
/** The event of an export or of a sync. */
type RunEvent = Pick<
  Schemas['ExportEvent'],
  'at' | 'message' | 'code' | 'ehrText' | 'nextAttemptAt' | 'by' | 'resourceType'
> & {
  readonly kind: string;
  readonly count?: number;
};

/** Longer lines are tiring to read, and messages have up to 300 characters. */
const lineLength = 100;
const indent = ' '.repeat('2026-11-24 18:05:17 UTC  '.length);

/** The lines of an event: its time and what happened, and below it what belongs to it. */
export function toEventLines(event: RunEvent): string {
  const { at, resourceType, count = 1, ehrText, nextAttemptAt, by } = event;
  const type = resourceType === undefined ? '' : `${resourceType}: `;
  const what = `${type}${toEventText(event)}${count > 1 ? ` (${count} searches)` : ''}`;
  const details = { 'text of the EHR': ehrText, 'next attempt': nextAttemptAt, by };
  const texts = [
    what,
    ...Object.entries(details).flatMap(([name, value]) => (value === undefined ? [] : [`${name}: ${value}`])),
  ];
  return toTimes(`${at}  ${texts.map((text) => wrap(toTimes(text)).join(`\n${indent}`)).join(`\n${indent}`)}`);
}

export const noEvents = 'No events.';

function toEventText({ kind, code, message }: RunEvent): string {
  if (code === undefined) return message;
  return (kind === 'warning' ? toWarningText : toErrorText)({ code, message });
}

/** Breaks a text between words. A word that is longer than a line, such as a URL, stays whole. */
function wrap(text: string): string[] {
  const lines: string[] = [];
  for (const word of text.split(/\s+/)) {
    const last = lines.at(-1);
    if (last === undefined || last.length + word.length >= lineLength) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}
