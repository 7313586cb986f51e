import { z } from 'zod';
import type { ChangeFilesInput } from '../../export/bulk-export.ts';
import { measureFiles } from '../../export/export-files.ts';
import { defineFault } from '../define-fault.ts';

/** What a large practice's export has been seen with. */
const manyFiles = 20_000;

/** For a kick-off: a type comes in `files` small files. Each resource is in at least one, and in several if there are few. */
export const manyFilesFault = defineFault({
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
