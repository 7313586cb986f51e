import { deflateSync, gzipSync } from 'node:zlib';
import type { Answer, Handler, Route } from '@bulkhead/embedded/scripted-server';
import type { ExportPlan, Interruption, Refusal, RetryAfterForm } from './export-plan.ts';

export type Coding = ExportPlan['files']['coding'];

export function encode(coding: Coding, content: Buffer): Buffer {
  if (coding === 'gzip') return gzipSync(content);
  if (coding === 'deflate') return deflateSync(content);
  if (coding === 'identity') return content;
  const middle = Math.floor(content.length / 2);
  return Buffer.concat([gzipSync(content.subarray(0, middle)), gzipSync(content.subarray(middle))]);
}

export function codingHeader(coding: Coding): Record<string, string> {
  if (coding === 'identity') return {};
  return { 'content-encoding': coding === 'deflate' ? 'deflate' : 'gzip' };
}

const retryAfter: Readonly<Record<RetryAfterForm, (now: () => number) => string | undefined>> = {
  none: () => undefined,
  seconds: () => '2',
  date: (now) => new Date(now() + 2000).toUTCString(),
  'past-date': () => 'Mon, 01 Jan 2001 00:00:00 GMT',
  negative: () => '-5',
  text: () => 'soon',
  fraction: () => '1.5',
  epoch: (now) => String(Math.floor(now() / 1000) + 2),
};

/** @param now the server's clock */
export function refuse(refusal: Refusal, now: () => number): Answer {
  const retryAfterText = retryAfter[refusal.retryAfter](now);
  return { status: refusal.status, headers: retryAfterText === undefined ? {} : { 'retry-after': retryAfterText } };
}

/** @param now the server's clock */
export function interrupt(interruption: Interruption, now: () => number): Route {
  if (interruption === 'web-page') return webPage;
  if (interruption !== 'cut') return refuse(interruption, now);
  return cut({ headers: { 'content-type': 'application/json', 'content-length': '1000' } }, '{"resourceType":');
}

/** Sends the beginning of an answer and closes the connection. */
export function cut({ status = 200, headers }: Answer, part: string | Buffer): Handler {
  return (_request, response) => void response.writeHead(status, headers).write(part, () => response.destroy());
}

export const webPage: Answer = {
  headers: { 'content-type': 'text/html' },
  body: '<html><body>Please log in</body></html>',
};
