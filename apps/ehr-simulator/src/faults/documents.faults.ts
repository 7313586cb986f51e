import { z } from 'zod';
import { errorFilePath, errorIssueSchema } from '../export/error-file.ts';
import type { Reply } from '../http/reply.ts';
import { type JsonObject, mergePatch } from '../practice/exact-json.ts';
import { defineFault, type FaultKind } from './fault.ts';

export const documentFaults: readonly FaultKind[] = [
  /**
   * Adds `by` to the counts of the manifest, or removes them with `omit`. With `type`, only the counts of this type.
   */
  defineFault({
    kind: 'wrong-counts',
    fields: { by: z.int().default(1), omit: z.boolean().default(false), type: z.string().optional() },
    create: ({ by, omit, type }) => ({
      changeReply: (reply) =>
        changeDocument(reply, (manifest) => {
          if (!Array.isArray(manifest.output)) return manifest;
          const output = manifest.output.map(({ count, ...file }) => {
            if (type !== undefined && file.type !== type) return { ...file, count };
            return omit ? file : { ...file, count: count + by };
          });
          return { ...manifest, output };
        }),
    }),
  }),
  /**
   * Adds an error file to the manifest, for a partial success. `lostType` removes the files of a type from the
   * manifest. `lines` are the OperationOutcomes of the file, each a list of issues. By default there is one, about the
   * lost type.
   */
  defineFault({
    kind: 'error-file',
    fields: {
      severity: errorIssueSchema.shape.severity.default('error'),
      lostType: z.string().optional(),
      lines: z.array(z.array(errorIssueSchema)).optional(),
      /** The STU4 draft calls the list `outcome`. */
      section: z.enum(['error', 'outcome']).default('error'),
    },
    create: ({ severity, lostType, lines, section }) => ({
      changeReply: (reply, { simulator }) =>
        changeDocument(reply, (manifest) => {
          if (!Array.isArray(manifest.output)) return manifest;
          const { error: _, ...rest } = manifest;
          const output = manifest.output.filter(({ type }) => type !== lostType);
          const type = lostType ?? 'Observation';
          const text = `${type} could not be exported completely.`;
          const outcomes = lines ?? [[{ severity, code: 'incomplete', text }]];
          const url = simulator.fhirEndpoint() + errorFilePath(type, outcomes);
          return { ...rest, output, [section]: [{ type: 'OperationOutcome', url, count: outcomes.length }] };
        }),
    }),
  }),
  /**
   * Sends a manifest that is not final, with 202, or with 200 and `X-Export-Status`. It lists only the first `files`.
   */
  defineFault({
    kind: 'partial-manifest',
    fields: { files: z.int().min(0).default(1), as: z.enum(['202', 'x-export-status']).default('202') },
    create: ({ files, as }) => ({
      changeReply: (reply) => {
        const manifest = reply.document as { readonly output?: readonly unknown[] } | undefined;
        if (reply.status !== 200 || !manifest?.output) return reply;
        const marker = as === '202' ? {} : { 'x-export-status': 'in-progress' };
        return {
          ...reply,
          status: as === '202' ? 202 : 200,
          headers: { ...reply.headers, ...marker, 'retry-after': '1' },
          document: { ...manifest, output: manifest.output.slice(0, files) },
        };
      },
    }),
  }),
  /**
   * Splits the manifest into pages of `pageSize` output files with `link[next]`. Order it with `times: 'always'`,
   * because every page is a request.
   */
  defineFault({
    kind: 'paged-manifest',
    fields: { pageSize: z.int().min(1).default(1) },
    create: ({ pageSize }) => ({
      changeReply: (reply, { simulator, req }) =>
        changeDocument(reply, (manifest) => {
          if (!Array.isArray(manifest.output)) return manifest;
          const page = Number(req.query.page ?? 0);
          const output = manifest.output.slice(page * pageSize, (page + 1) * pageSize);
          const isLast = (page + 1) * pageSize >= manifest.output.length;
          const next = { relation: 'next', url: `${simulator.baseUrl()}${req.path}?page=${page + 1}` };
          return { ...manifest, output, ...(isLast ? {} : { link: [next] }) };
        }),
    }),
  }),
  /** Removes scheme and host from Content-Location and from the URLs of manifests and Bundle links. */
  defineFault({
    kind: 'relative-urls',
    fields: {},
    create: () => ({
      changeReply: (reply) => {
        const location = reply.headers['content-location'];
        const headers =
          location === undefined ? reply.headers : { ...reply.headers, 'content-location': relative(location) };
        return changeDocument({ ...reply, headers }, withRelativeUrls);
      },
    }),
  }),
  /** Changes a JSON answer, such as a manifest, by a merge patch (RFC 7396: null removes a member). */
  defineFault({
    kind: 'edit-document',
    fields: { set: z.record(z.string(), z.unknown()) },
    create: ({ set }) => ({
      changeReply: (reply) => changeDocument(reply, (target) => mergePatch({ target, patch: set }) as JsonObject),
    }),
  }),
  /** Turns the `details` of OperationOutcomes into strings, as athenahealth sometimes does. */
  defineFault({
    kind: 'string-details',
    fields: {},
    create: () => ({
      changeReply: (reply) =>
        changeDocument(reply, (outcome) => {
          if (!Array.isArray(outcome.issue)) return outcome;
          const issue = outcome.issue.map(({ details, ...rest }) => ({
            ...rest,
            details: details?.text ?? 'Error',
          }));
          return { ...outcome, issue };
        }),
    }),
  }),
  /** Answers 200 with a Bundle that contains only an OperationOutcome. A careless client takes it for "no data". */
  defineFault({
    kind: 'outcome-in-bundle',
    fields: {},
    create: () => {
      const issue = [{ severity: 'error', code: 'processing', details: { text: 'The chart could not be read.' } }];
      const entry = [{ resource: { resourceType: 'OperationOutcome', issue }, search: { mode: 'outcome' } }];
      const document = { resourceType: 'Bundle', type: 'searchset', total: 0, entry };
      return { before: async () => ({ status: 200, headers: { 'content-type': 'application/fhir+json' }, document }) };
    },
  }),
];

function withRelativeUrls(document: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const lists = ['output', 'deleted', 'error', 'link'].flatMap((name) => {
    const list = document[name];
    if (!Array.isArray(list)) return [];
    return [[name, list.map((entry) => ({ ...entry, url: relative(entry.url) }))] as const];
  });
  return { ...document, ...Object.fromEntries(lists) };
}

function relative(url: string): string {
  return url.replace(/^https?:\/\/[^/]+/, '');
}

/** Replaces the JSON document of an answer. Other answers are not changed. */
function changeDocument(reply: Reply, change: (document: JsonObject) => JsonObject): Reply {
  const { document } = reply;
  if (typeof document !== 'object' || document === null) return reply;
  return { ...reply, document: change(document as JsonObject) };
}
