import { z } from 'zod';
import { errorFileUrl, errorIssueSchema } from '../export/error-file.ts';
import type { Reply } from '../http/reply.ts';
import { type JsonObject, mergePatch } from '../practice/exact-json.ts';
import { defineFault, type FaultKind } from './fault.ts';

/** The manifest's counts are off by `by`, or missing with `omit`; of one type only, where it is named. */
const wrongCountsFault = defineFault({
  kind: 'wrong-counts',
  fields: { by: z.int().default(1), omit: z.boolean().default(false), type: z.string().optional() },
  create: ({ by, omit, type }) => ({
    changeReply: ({ reply }) =>
      changeDocument({
        reply,
        change: (manifest) => {
          if (!Array.isArray(manifest.output)) return manifest;
          const output = manifest.output.map(({ count, ...file }) => {
            if (type !== undefined && file.type !== type) return { ...file, count };
            return omit ? file : { ...file, count: count + by };
          });
          return { ...manifest, output };
        },
      }),
  }),
});

/**
 * A partial success: the manifest lists an error file. `lostType` takes the output of a type out of the manifest.
 * `lines` are the file's OperationOutcomes, each a list of issues; without, there is one about the lost type.
 */
const errorFileFault = defineFault({
  kind: 'error-file',
  fields: {
    severity: errorIssueSchema.shape.severity.default('error'),
    lostType: z.string().optional(),
    lines: z.array(z.array(errorIssueSchema)).optional(),
    /** The STU4 draft calls the list `outcome`. */
    section: z.enum(['error', 'outcome']).default('error'),
  },
  create: ({ severity, lostType, lines, section }) => ({
    changeReply: ({ reply, simulator }) =>
      changeDocument({
        reply,
        change: (manifest) => {
          if (!Array.isArray(manifest.output)) return manifest;
          const { error: _, ...rest } = manifest;
          const output = manifest.output.filter(({ type }) => type !== lostType);
          const type = lostType ?? 'Observation';
          const text = `${type} could not be exported completely.`;
          const said = lines ?? [[{ severity, code: 'incomplete', text }]];
          const url = errorFileUrl({ base: simulator.fhirEndpoint(), type, lines: said });
          return { ...rest, output, [section]: [{ type: 'OperationOutcome', url, count: said.length }] };
        },
      }),
  }),
});

/** A manifest that is not final: under 202, or under 200 with `X-Export-Status`; it lists the first `files` only. */
const partialManifestFault = defineFault({
  kind: 'partial-manifest',
  fields: { files: z.int().min(0).default(1), as: z.enum(['202', 'x-export-status']).default('202') },
  create: ({ files, as }) => ({
    changeReply: ({ reply }) => {
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
});

/**
 * The manifest comes in pages of `pageSize` output files with `link[next]`. Order it with `times: 'always'`: the
 * following pages are requests of their own.
 */
const pagedManifestFault = defineFault({
  kind: 'paged-manifest',
  fields: { pageSize: z.int().min(1).default(1) },
  create: ({ pageSize }) => ({
    changeReply: ({ reply, simulator, req }) =>
      changeDocument({
        reply,
        change: (manifest) => {
          if (!Array.isArray(manifest.output)) return manifest;
          const page = Number(req.query.page ?? 0);
          const output = manifest.output.slice(page * pageSize, (page + 1) * pageSize);
          const isLast = (page + 1) * pageSize >= manifest.output.length;
          const next = { relation: 'next', url: `${simulator.baseUrl()}${req.path}?page=${page + 1}` };
          return { ...manifest, output, ...(isLast ? {} : { link: [next] }) };
        },
      }),
  }),
});

/** Content-Location, and the URLs of manifests and Bundle links, without scheme and host. */
const relativeUrlsFault = defineFault({
  kind: 'relative-urls',
  fields: {},
  create: () => ({
    changeReply: ({ reply }) => {
      const location = reply.headers['content-location'];
      const headers =
        location === undefined ? reply.headers : { ...reply.headers, 'content-location': relative(location) };
      return changeDocument({ reply: { ...reply, headers }, change: withRelativeUrls });
    },
  }),
});

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

/** A JSON answer, such as a manifest, is changed by a merge patch (RFC 7396: null takes a member out). */
const editDocumentFault = defineFault({
  kind: 'edit-document',
  fields: { set: z.record(z.string(), z.unknown()) },
  create: ({ set }) => ({
    changeReply: ({ reply }) =>
      changeDocument({ reply, change: (target) => mergePatch({ target, patch: set }) as JsonObject }),
  }),
});

/** OperationOutcomes whose `details` is a string, as athenahealth sends them at times. */
const stringDetailsFault = defineFault({
  kind: 'string-details',
  fields: {},
  create: () => ({
    changeReply: ({ reply }) =>
      changeDocument({
        reply,
        change: (outcome) => {
          if (!Array.isArray(outcome.issue)) return outcome;
          const issue = outcome.issue.map(({ details, ...rest }) => ({
            ...rest,
            details: details?.text ?? 'Error',
          }));
          return { ...outcome, issue };
        },
      }),
  }),
});

/** 200 with a Bundle that holds nothing but an OperationOutcome: "no data" to who does not look. */
const outcomeInBundleFault = defineFault({
  kind: 'outcome-in-bundle',
  fields: {},
  create: () => {
    const issue = [{ severity: 'error', code: 'processing', details: { text: 'The chart could not be read.' } }];
    const entry = [{ resource: { resourceType: 'OperationOutcome', issue }, search: { mode: 'outcome' } }];
    const document = { resourceType: 'Bundle', type: 'searchset', total: 0, entry };
    return { before: async () => ({ status: 200, headers: { 'content-type': 'application/fhir+json' }, document }) };
  },
});

export const documentFaults: readonly FaultKind[] = [
  wrongCountsFault,
  errorFileFault,
  partialManifestFault,
  pagedManifestFault,
  relativeUrlsFault,
  editDocumentFault,
  stringDetailsFault,
  outcomeInBundleFault,
];

interface ChangeDocumentInput {
  readonly reply: Reply;
  readonly change: (document: JsonObject) => JsonObject;
}

/** An answer whose JSON document is another one; answers without a document stay as they are. */
function changeDocument({ reply, change }: ChangeDocumentInput): Reply {
  const { document } = reply;
  if (typeof document !== 'object' || document === null) return reply;
  return { ...reply, document: change(document as JsonObject) };
}
