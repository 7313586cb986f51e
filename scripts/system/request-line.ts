/** In the order of display. docs/connecting.md explains them. */
const fields = [
  'kind',
  'method',
  'host',
  'status',
  'code',
  'durationMs',
  'waitMs',
  'retryAfterSeconds',
  'rateLimitLimit',
  'rateLimitRemaining',
  'rateLimitReset',
] as const;

/** Formats a worker's log line about a request to the EHR for the terminal. Returns undefined for any other line. */
export function requestLine(logLine: string): string | undefined {
  // Most lines are about something else, and are not parsed.
  if (!logLine.includes('"EHR request ended"')) return undefined;
  const line = parse(logLine);
  if (line?.msg !== 'EHR request ended') return undefined;
  const texts = fields.filter((field) => line[field] !== undefined).map((field) => `${field}=${line[field]}`);
  return `EHR request ended  ${texts.join(' ')}`;
}

function parse(logLine: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return JSON.parse(logLine) as Readonly<Record<string, unknown>>;
  } catch {
    // Node.js itself writes plain text.
    return undefined;
  }
}
