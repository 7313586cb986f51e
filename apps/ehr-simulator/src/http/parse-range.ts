/** Both ends inclusive, as in Content-Range. */
export interface ByteRange {
  readonly first: number;
  readonly last: number;
}

export interface ParseRangeInput {
  readonly header: string | undefined;
  readonly sizeBytes: number;
}

/**
 * One range of `bytes=` (RFC 9110, 14.1.2). Several ranges, or a header that is none, are ignored as the RFC allows.
 * @returns undefined: send the whole; `unsatisfiable`: answer 416.
 */
export function parseRange({ header, sizeBytes }: ParseRangeInput): ByteRange | 'unsatisfiable' | undefined {
  const parts = /^bytes=(\d*)-(\d*)$/.exec(header?.trim() ?? '');
  if (!parts) return undefined;
  const [, from = '', to = ''] = parts;
  if (from === '' && to === '') return undefined;
  const first = from === '' ? Math.max(0, sizeBytes - Number(to)) : Number(from);
  const last = from === '' || to === '' ? sizeBytes - 1 : Math.min(Number(to), sizeBytes - 1);
  if (from !== '' && to !== '' && Number(to) < Number(from)) return undefined;
  return first >= sizeBytes || (from === '' && Number(to) === 0) ? 'unsatisfiable' : { first, last };
}
