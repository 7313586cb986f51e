import { z } from 'zod';
import { chunked, deletionBundle, heldFile } from '../export/export-files.ts';
import { mergePatch, parseExact, withMeta } from '../practice/exact-json.ts';
import type { Practice } from '../practice/practice.ts';
import type { StoredResource } from '../practice/practice-source.ts';
import { defineFault, type FaultKind } from './fault.ts';

const dayMs = 24 * 60 * 60 * 1000;

const subsetted = { system: 'http://terminology.hl7.org/CodeSystem/v3-ObservationValue', code: 'SUBSETTED' };

const copies = {
  same: ({ text }: StoredResource) => text,
  /** Omits the narrative, so that a test can tell if the older version wins. */
  older: ({ text, versionId, lastUpdatedMs }: StoredResource) =>
    withMeta(JSON.stringify({ ...(parseExact(text) as object), text: undefined }), {
      versionId: String(versionId - 1),
      lastUpdated: new Date(lastUpdatedMs - dayMs).toISOString(),
    }),
  subsetted: ({ text }: StoredResource) => {
    const { resourceType, id, meta } = parseExact(text) as Readonly<Record<string, object>>;
    return JSON.stringify({ resourceType, id, meta: { ...meta, tag: [subsetted] } });
  },
};

/**
 * Each line is another mistake of a server: invalid JSON, not a Bundle, no entries, no request, not a DELETE, an
 * invalid reference.
 */
const unreadableLines = [
  '{"resourceType":"Bundle","type":"transac',
  'null',
  '{"resourceType":"Bundle","type":"transaction"}',
  '{"resourceType":"Bundle","type":"transaction","entry":[{},{"request":{"method":"PUT","url":"Patient/1"}}]}',
  '{"resourceType":"Bundle","type":"transaction","entry":[{"request":{"method":"DELETE","url":"nonsense"}}]}',
];

export const resourceFaults: readonly FaultKind[] = [
  /**
   * For a kick-off: adds a last file of the type that repeats the first `count` resources: the `same` version, an
   * `older` version, or a `subsetted` copy of the same version.
   */
  defineFault({
    kind: 'late-copies',
    fields: {
      type: z.string(),
      as: z.enum(['same', 'older', 'subsetted']).default('same'),
      count: z.int().min(1).default(3),
    },
    create: ({ type, as, count }) => ({
      changeExport: {
        files: async ({ files, practice }) => {
          const lines = (await firstResources(practice, { type, count })).map(copies[as]);
          return lines.length === 0
            ? files
            : [...files, heldFile({ name: `${type}.late.ndjson`, kind: 'output', type, lines })];
        },
      },
    }),
  }),
  /**
   * For a kick-off: deletes the first `count` resources of a type and lists them in a `deleted` file, with or without
   * `_since`. `late` deletes them after the snapshot, so that they are in the output too. `unreadable` puts bad lines
   * first.
   */
  defineFault({
    kind: 'deletions',
    fields: {
      type: z.string(),
      count: z.int().min(1).default(4),
      perBundle: z.int().min(1).default(3),
      late: z.boolean().default(false),
      unreadable: z.boolean().default(false),
    },
    create: ({ type, count, perBundle, late, unreadable }) => {
      let urls: string[] = [];
      const removeNow = async (practice: Practice) => {
        const removed = await firstResources(practice, { type, count });
        for (const { id } of removed) await practice.remove({ type, id });
        urls = removed.map(({ id }) => `${type}/${id}`);
      };
      return {
        changeExport: {
          begin: async (practice) => {
            if (!late) await removeNow(practice);
          },
          files: async ({ files, practice }) => {
            if (late) await removeNow(practice);
            const bundles = chunked(urls, perBundle).map(deletionBundle);
            const lines = [...(unreadable ? unreadableLines : []), ...bundles];
            return [...files, heldFile({ name: 'deletions.ndjson', kind: 'deleted', type: 'Bundle', lines })];
          },
        },
      };
    },
  }),
  /**
   * For a kick-off: from this export on, the first resource of a type has other content with the same `versionId` and
   * `lastUpdated`.
   */
  defineFault({
    kind: 'unversioned-change',
    fields: { type: z.string() },
    create: ({ type }) => ({
      changeExport: { begin: (practice) => changeFirst(practice, { type, keepMeta: true }) },
    }),
  }),
  /**
   * For a file: changes the first resource of its type now and creates the files of the export again. The file then has
   * other content in another order, and another ETag.
   */
  defineFault({
    kind: 'regenerate-files',
    fields: { type: z.string() },
    create: ({ type }) => ({
      prepare: async ({ req, simulator: { practice, exports } }) => {
        await changeFirst(practice, { type, keepMeta: false });
        const [, exportId = ''] = /\/bulkdata\/([^/]+)\//.exec(req.path) ?? [];
        await exports.regenerate(exportId);
      },
    }),
  }),
];

/** Changes the first resource of a type in the practice itself. */
async function changeFirst(practice: Practice, { type, keepMeta }: { type: string; keepMeta: boolean }): Promise<void> {
  for (const { id, text } of await firstResources(practice, { type, count: 1 })) {
    const patch = { language: `x-changed-${practice.sequence + 1}` };
    const changed = JSON.stringify(mergePatch({ target: parseExact(text), patch }));
    await practice.put({ type, id, text: changed, keepMeta });
  }
}

/** The first resources of a type in their current state. */
async function firstResources(
  practice: Practice,
  { type, count }: { readonly type: string; readonly count: number },
): Promise<StoredResource[]> {
  const firsts: StoredResource[] = [];
  for await (const { resources } of practice.batches({ type, asOf: practice.sequence })) {
    firsts.push(...resources.slice(0, count - firsts.length));
    if (firsts.length >= count) break;
  }
  return firsts;
}
