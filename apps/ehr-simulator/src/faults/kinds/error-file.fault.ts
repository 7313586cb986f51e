import { z } from 'zod';
import { changeDocument } from '../change-document.ts';
import { defineFault } from '../define-fault.ts';

/** A partial success: the manifest lists an error file. `lostType` takes the output of a type out of the manifest. */
export const errorFileFault = defineFault({
  kind: 'error-file',
  fields: {
    severity: z.enum(['fatal', 'error', 'warning', 'information']).default('error'),
    lostType: z.string().optional(),
  },
  create: ({ severity, lostType }) => ({
    changeReply: ({ reply, simulator }) =>
      changeDocument({
        reply,
        change: (manifest) => {
          if (!Array.isArray(manifest.output)) return manifest;
          const output = manifest.output.filter(({ type }) => type !== lostType);
          const url = `${simulator.fhirEndpoint()}/bulkerrors/${severity}/${lostType ?? 'Observation'}.ndjson`;
          return { ...manifest, output, error: [{ type: 'OperationOutcome', url, count: 1 }] };
        },
      }),
  }),
});
