import { z } from 'zod';
import { defineFault } from '../define-fault.ts';

/** A manifest that is not final: under 202, or under 200 with `X-Export-Status`; it lists the first `files` only. */
export const partialManifestFault = defineFault({
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
