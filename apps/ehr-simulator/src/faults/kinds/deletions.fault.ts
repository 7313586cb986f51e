import { z } from 'zod';
import { chunked, deletionBundle, heldFile } from '../../export/export-files.ts';
import type { Practice } from '../../practice/practice.ts';
import { defineFault } from '../define-fault.ts';
import { firstResources } from '../first-resources.ts';

/** Each is something else that a server got wrong: no JSON, no Bundle, no entries, no request, no DELETE, no reference. */
const unreadableLines = [
  '{"resourceType":"Bundle","type":"transac',
  'null',
  '{"resourceType":"Bundle","type":"transaction"}',
  '{"resourceType":"Bundle","type":"transaction","entry":[{},{"request":{"method":"PUT","url":"Patient/1"}}]}',
  '{"resourceType":"Bundle","type":"transaction","entry":[{"request":{"method":"DELETE","url":"nonsense"}}]}',
];

/**
 * For a kick-off: the first `count` resources of a type are deleted, and a `deleted` file says so, with `_since` or
 * without. `late`: only after the snapshot, so the export's output has them still. `unreadable`: bad lines come first.
 */
export const deletionsFault = defineFault({
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
      const removed = await firstResources({ practice, type, count });
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
          const bundles = chunked({ items: urls, size: perBundle }).map(deletionBundle);
          const lines = [...(unreadable ? unreadableLines : []), ...bundles];
          return [...files, heldFile({ name: 'deletions.ndjson', kind: 'deleted', type: 'Bundle', lines })];
        },
      },
    };
  },
});
