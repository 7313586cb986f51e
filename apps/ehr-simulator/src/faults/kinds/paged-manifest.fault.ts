import { z } from 'zod';
import { changeDocument } from '../change-document.ts';
import { defineFault } from '../define-fault.ts';

/**
 * The manifest comes in pages of `pageSize` output files with `link[next]`. Order it with `times: 'always'`: the
 * following pages are requests of their own.
 */
export const pagedManifestFault = defineFault({
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
