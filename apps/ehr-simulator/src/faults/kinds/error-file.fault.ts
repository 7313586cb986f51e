import { z } from 'zod';
import { errorFileUrl, errorIssueSchema } from '../../export/error-file.ts';
import { changeDocument } from '../change-document.ts';
import { defineFault } from '../define-fault.ts';

/**
 * A partial success: the manifest lists an error file. `lostType` takes the output of a type out of the manifest.
 * `lines` are the file's OperationOutcomes, each a list of issues; without, there is one about the lost type.
 */
export const errorFileFault = defineFault({
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
