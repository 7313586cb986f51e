import { z } from 'zod';
import { type ChangeFilesInput, exportEnds } from '../export/bulk-export.ts';
import { measureFiles } from '../export/export-files.ts';
import { givenParameters } from '../export/kick-off-parameters.ts';
import { defineFault, type FaultKind } from './fault.ts';

/**
 * A kick-off with this parameter, or with this `value` of it, is refused; one without is not. The OperationOutcome names
 * it where `namedIn` says.
 */
const refuseParameterFault = defineFault({
  kind: 'refuse-parameter',
  fields: {
    parameter: z.string(),
    value: z.string().optional(),
    status: z.int().min(400).max(599).default(400),
    code: z.string().default('not-supported'),
    namedIn: z.enum(['details', 'diagnostics', 'expression', 'nowhere']).default('details'),
  },
  create: ({ parameter, value, status, code, namedIn }) => ({
    before: async ({ req }) => {
      const isRefused = givenParameters(req).some(
        ([name, given]) => name === parameter && (value === undefined || given.split(',').includes(value)),
      );
      if (!isRefused) return undefined;
      const text = `${value ?? 'The parameter'} is not supported: ${parameter}${value ? `=${value}` : ''}.`;
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
});

/**
 * For a kick-off: its export is in progress for `polls` status requests and then `completes`, `fails` (500), `never-ends`,
 * is `forgotten` (404) or `gone` (410). Other exports are not touched.
 */
const exportFateFault = defineFault({
  kind: 'export-fate',
  fields: { polls: z.int().min(0).default(1), end: z.enum(exportEnds) },
  create: (fate) => ({ changeExport: { fate } }),
});

/** For a kick-off: types that were asked for are left out (`all`, or those named), others come unasked. */
const exportTypesFault = defineFault({
  kind: 'export-types',
  fields: {
    drop: z.union([z.literal('all'), z.array(z.string())]).default([]),
    add: z.array(z.string()).default([]),
  },
  create: ({ drop, add }) => ({
    changeExport: {
      types: (types) => {
        const kept = types.filter((type) => drop !== 'all' && !drop.includes(type));
        return [...new Set([...kept, ...add])];
      },
    },
  }),
});

/** What a large practice's export has been seen with. */
const manyFiles = 20_000;

/** For a kick-off: a type comes in `files` small files. Each resource is in at least one, and in several if there are few. */
const manyFilesFault = defineFault({
  kind: 'many-files',
  fields: { type: z.string(), files: z.int().min(1).default(manyFiles) },
  create: ({ type, files: wanted }) => ({
    changeExport: { files: (input) => splitUp({ ...input, type, wanted }) },
  }),
});

async function splitUp({
  type,
  wanted,
  files,
  ...input
}: ChangeFilesInput & { readonly type: string; readonly wanted: number }) {
  const others = files.filter((file) => file.kind !== 'output' || file.type !== type);
  const count = files.reduce((sum, file) => sum + (others.includes(file) ? 0 : file.count), 0);
  if (count === 0) return files;
  const parts = await measureFiles({ ...input, type, resourcesPerFile: Math.ceil(count / wanted) });
  const many = Array.from({ length: wanted }, (_, index) => {
    const part = parts[index % parts.length] as (typeof parts)[number];
    return { ...part, name: `${type}.${index + 1}.ndjson` };
  });
  return [...others, ...many];
}

/** Every access token issued so far is expired when this request arrives. */
const expireTokensFault = defineFault({
  kind: 'expire-tokens',
  fields: {},
  create: () => ({
    before: async ({ simulator }) => {
      simulator.tokens.expireAll();
      return undefined;
    },
  }),
});

/** Every file link given out so far is expired when this request arrives; the manifest has fresh ones. */
const expireLinksFault = defineFault({
  kind: 'expire-links',
  fields: {},
  create: () => ({
    before: async ({ simulator }) => {
      simulator.links.expireAll();
      return undefined;
    },
  }),
});

export const exportFaults: readonly FaultKind[] = [
  refuseParameterFault,
  exportFateFault,
  exportTypesFault,
  manyFilesFault,
  expireTokensFault,
  expireLinksFault,
];
