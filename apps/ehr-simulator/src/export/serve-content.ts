import type { Request, Response } from 'express';
import { changeContent } from '../faults/change-content.ts';
import { exchangeOf } from '../http/endpoint.ts';
import { parseRange } from '../http/parse-range.ts';
import type { Reply } from '../http/reply.ts';
import type { FileContent } from './file-content.ts';

export interface ServeContentInput {
  readonly req: Request;
  readonly res: Response;
  readonly content: FileContent;
  readonly lastModifiedMs: number;
}

/** A file, as the faults of the request want it: whole, compressed for who can read that, or in part. */
export async function serveContent({ req, res, lastModifiedMs, ...given }: ServeContentInput): Promise<Reply> {
  let { content } = given;
  for (const { changeFile } of exchangeOf(res).faults) {
    if (changeFile) content = await changeContent({ content, change: changeFile });
  }
  const { sizeBytes, etag } = content;
  const headers = {
    'content-type': 'application/fhir+ndjson',
    'accept-ranges': 'bytes',
    vary: 'Accept-Encoding',
    etag,
    'last-modified': new Date(lastModifiedMs).toUTCString(),
  };
  const ifRange = req.get('if-range');
  const header = ifRange === undefined || ifRange === etag ? req.get('range') : undefined;
  const range = parseRange({ header, sizeBytes });
  if (range === 'unsatisfiable')
    return { status: 416, headers: { ...headers, 'content-range': `bytes */${sizeBytes}` } };
  const { first, last } = range ?? { first: 0, last: sizeBytes - 1 };
  const body = content.read({ first, last });
  const withLength = { ...headers, 'content-length': String(last - first + 1) };
  if (range) {
    return { status: 206, headers: { ...withLength, 'content-range': `bytes ${first}-${last}/${sizeBytes}` }, body };
  }
  const gzip = req.get('range') === undefined && /\bgzip\b/.test(req.get('accept-encoding') ?? '');
  return { status: 200, headers: withLength, body, gzip };
}
