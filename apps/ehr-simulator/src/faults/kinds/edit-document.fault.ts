import { z } from 'zod';
import { type JsonObject, mergePatch } from '../../practice/exact-json.ts';
import { changeDocument } from '../change-document.ts';
import { defineFault } from '../define-fault.ts';

/** A JSON answer, such as a manifest, is changed by a merge patch (RFC 7396: null takes a member out). */
export const editDocumentFault = defineFault({
  kind: 'edit-document',
  fields: { set: z.record(z.string(), z.unknown()) },
  create: ({ set }) => ({
    changeReply: ({ reply }) =>
      changeDocument({ reply, change: (target) => mergePatch({ target, patch: set }) as JsonObject }),
  }),
});
