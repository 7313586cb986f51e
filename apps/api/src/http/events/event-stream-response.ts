import type { ResponseDescription } from '../define-endpoint.ts';

/** The answer of an address that streams server-sent events. @param events what is in the `data` of each, by its name. */
export function eventStreamResponse(
  events: Readonly<Record<string, string>>,
): Readonly<Record<200, ResponseDescription>> {
  const listed = Object.entries(events).map(([name, data]) => `- \`${name}\`: ${data}`);
  const problem = '- `problem`: the `code` and `message` of an error; the stream ends, and a browser connects anew';
  const rule =
    'Each event comes first as things stand, then where it has changed; `data` is JSON without an envelope. The stream ends after five minutes and a browser connects anew; after `end` it should not.';
  const example = `retry: 2000\n\nevent: ${Object.keys(events)[0]}\ndata: {}\n\n`;
  const description = ['Server-sent events:', '', ...listed, problem, '', rule].join('\n');
  return { 200: { description, contentType: 'text/event-stream', example } };
}
