import type { ServerResponse } from 'node:http';
import { deflateSync, gzipSync } from 'node:zlib';
import type { ExportPlan, Interruption, Refusal, RetryAfterForm } from './export-plan.ts';

/** A response, and the server's clock. */
export interface PendingResponse {
  readonly response: ServerResponse;
  readonly now: () => number;
}

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

export function refuse({ response, now }: PendingResponse, refusal: Refusal): ServerResponse {
  const retryAfterText = retryAfter[refusal.retryAfter](now);
  return reply(response, refusal.status, retryAfterText === undefined ? {} : { 'retry-after': retryAfterText });
}

export function interrupt(answer: PendingResponse, interruption: Interruption): ServerResponse {
  if (interruption === 'web-page') return webPage(answer.response);
  if (interruption !== 'cut') return refuse(answer, interruption);
  const { response } = answer;
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
  return cut(response, '{"resourceType":');
}

/** Sends the beginning of an answer and closes the connection. */
export function cut(response: ServerResponse, part: string | Buffer): ServerResponse {
  response.write(part, () => response.destroy());
  return response;
}

export function reply(
  response: ServerResponse,
  status: number,
  headers: Readonly<Record<string, string>> = {},
): ServerResponse {
  return response.writeHead(status, headers).end();
}

export function webPage(response: ServerResponse): ServerResponse {
  return response.writeHead(200, { 'content-type': 'text/html' }).end('<html><body>Please log in</body></html>');
}

export function answerJson(response: ServerResponse, value: unknown, status = 200): ServerResponse {
  return response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}
