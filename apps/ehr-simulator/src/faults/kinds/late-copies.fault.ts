import { z } from 'zod';
import { heldFile } from '../../export/export-files.ts';
import { parseExact, withMeta } from '../../practice/exact-json.ts';
import type { StoredResource } from '../../practice/practice-source.ts';
import { defineFault } from '../define-fault.ts';
import { firstResources } from '../first-resources.ts';

const dayMs = 24 * 60 * 60 * 1000;
const subsetted = { system: 'http://terminology.hl7.org/CodeSystem/v3-ObservationValue', code: 'SUBSETTED' };

const copies = {
  same: ({ text }: StoredResource) => text,
  /** Without what was written later, so that it shows if an older version wins. */
  older: ({ text, versionId, lastUpdatedMs }: StoredResource) =>
    withMeta({
      text: JSON.stringify({ ...(parseExact(text) as object), text: undefined }),
      meta: { versionId: String(versionId - 1), lastUpdated: new Date(lastUpdatedMs - dayMs).toISOString() },
    }),
  subsetted: ({ text }: StoredResource) => {
    const { resourceType, id, meta } = parseExact(text) as Readonly<Record<string, object>>;
    return JSON.stringify({ resourceType, id, meta: { ...meta, tag: [subsetted] } });
  },
};

/**
 * For a kick-off: another file of the type, behind all others, has the first `count` resources again: the `same`, an
 * `older` version, or a `subsetted` copy of the same version.
 */
export const lateCopiesFault = defineFault({
  kind: 'late-copies',
  fields: {
    type: z.string(),
    as: z.enum(['same', 'older', 'subsetted']).default('same'),
    count: z.int().min(1).default(3),
  },
  create: ({ type, as, count }) => ({
    changeExport: {
      files: async ({ files, practice }) => {
        const lines = (await firstResources({ practice, type, count })).map(copies[as]);
        return lines.length === 0
          ? files
          : [...files, heldFile({ name: `${type}.late.ndjson`, kind: 'output', type, lines })];
      },
    },
  }),
});
