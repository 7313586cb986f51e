import { parseExact } from './parse-exact.ts';

export interface ResourceMeta {
  readonly versionId: string;
  readonly lastUpdated: string;
}

export interface WithMetaInput {
  /** One resource as JSON text. */
  readonly text: string;
  readonly meta: ResourceMeta;
}

/** The same resource, as JSON text on one line, with `meta.versionId` and `meta.lastUpdated` set; number text is kept. */
export function withMeta({ text, meta }: WithMetaInput): string {
  const resource = parseExact(text) as Record<string, unknown>;
  const { resourceType, id, meta: given, ...rest } = resource;
  return JSON.stringify({ resourceType, id, meta: { ...(given as object | undefined), ...meta }, ...rest });
}
