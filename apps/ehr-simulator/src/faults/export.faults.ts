import { z } from 'zod';
import { type ChangeFilesInput, exportEnds } from '../export/bulk-export.ts';
import { measureFiles } from '../export/export-files.ts';
import { requestParameters } from '../export/kick-off-parameters.ts';
import { defineFault, type FaultKind } from './fault.ts';

/** The number of files in a real export of a large practice. */
const manyFiles = 20_000;

export const exportFaults: readonly FaultKind[] = [
  /**
   * Refuses a kick-off that has this parameter, or this `value` of it, or with `alone` no other value. The OperationOutcome names it in
   * `namedIn`, or has this `text`.
   */
  defineFault({
    kind: 'refuse-parameter',
    fields: {
      parameter: z.string(),
      value: z.string().optional(),
      alone: z.boolean().default(false),
      text: z.string().optional(),
      status: z.int().min(400).max(599).default(400),
      code: z.string().default('not-supported'),
      namedIn: z.enum(['details', 'diagnostics', 'expression', 'nowhere']).default('details'),
    },
    create: ({ parameter, value, alone, text: ownText, status, code, namedIn }) => ({
      before: async ({ req }) => {
        const isRefused = requestParameters(req).some(
          ([name, values]) =>
            name === parameter &&
            (value === undefined || (alone ? values === value : values.split(',').includes(value))),
        );
        if (!isRefused) return undefined;
        const text =
          ownText ?? `${value ?? 'The parameter'} is not supported: ${parameter}${value ? `=${value}` : ''}.`;
        const naming = {
          details: { details: { text } },
          diagnostics: { diagnostics: text },
          expression: { expression: [parameter] },
          nowhere: { details: { text: 'The request cannot be met.' } },
        }[namedIn];
        const document = { resourceType: 'OperationOutcome', issue: [{ severity: 'error', code, ...naming }] };
        return { status, headers: { 'content-type': 'application/fhir+json' }, document };
      },
    }),
  }),
  /**
   * For a kick-off: the export is in progress for `polls` status requests, then it `completes`, `fails` (500),
   * `never-ends`, is `forgotten` (404) or `gone` (410). Other exports are not affected.
   */
  defineFault({
    kind: 'export-fate',
    fields: { polls: z.int().min(0).default(1), end: z.enum(exportEnds) },
    create: (fate) => ({ changeExport: { fate } }),
  }),
  /** For a kick-off: leaves out requested types (`all`, or those in `drop`) and adds types that were not requested. */
  defineFault({
    kind: 'export-types',
    fields: {
      drop: z.union([z.literal('all'), z.array(z.string())]).default([]),
      add: z.array(z.string()).default([]),
    },
    create: ({ drop, add }) => ({
      changeExport: {
        types: (types) => {
          const keptTypes = types.filter((type) => drop !== 'all' && !drop.includes(type));
          return [...new Set([...keptTypes, ...add])];
        },
      },
    }),
  }),
  /**
   * For a kick-off: exports a type in `files` small files. Every resource is in at least one of them, and in several if
   * there are fewer resources than files.
   */
  defineFault({
    kind: 'many-files',
    fields: { type: z.string(), files: z.int().min(1).default(manyFiles) },
    create: ({ type, files: wanted }) => ({
      changeExport: { files: (input) => splitUp({ ...input, type, wanted }) },
    }),
  }),
  /** Expires every access token that was issued before this request. */
  defineFault({
    kind: 'expire-tokens',
    fields: {},
    create: () => ({ prepare: ({ simulator }) => simulator.tokens.expireAll() }),
  }),
  /** Expires every file link that was issued before this request. The manifest then has new ones. */
  defineFault({
    kind: 'expire-links',
    fields: {},
    create: () => ({ prepare: ({ simulator }) => simulator.links.expireAll() }),
  }),
];

async function splitUp({
  type,
  wanted,
  files,
  ...input
}: ChangeFilesInput & { readonly type: string; readonly wanted: number }) {
  const otherFiles = files.filter((file) => file.kind !== 'output' || file.type !== type);
  const count = files.reduce((sum, file) => sum + (otherFiles.includes(file) ? 0 : file.count), 0);
  if (count === 0) return files;
  const parts = await measureFiles({ ...input, type, resourcesPerFile: Math.ceil(count / wanted) });
  const many = Array.from({ length: wanted }, (_, index) => {
    const part = parts[index % parts.length] as (typeof parts)[number];
    return { ...part, name: `${type}.${index + 1}.ndjson` };
  });
  return [...otherFiles, ...many];
}
