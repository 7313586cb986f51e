import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

const beside = fileURLToPath(new URL('../../../../shared/data/', import.meta.url));

/** The examples that HL7 publishes with FHIR R4 and US Core. The folder is FHIR_EXAMPLES_DIR, or beside the checkout. */
const examplesFolder = () => process.env.FHIR_EXAMPLES_DIR ?? join(beside, 'fhir-r4-examples');

/** Patients that Synthea generated. The folder is INTEROP_DATA_DIR, or beside the checkout. */
const syntheaFolder = () => process.env.INTEROP_DATA_DIR ?? join(beside, 'synthea-20');

/** Resources that this project did not write, each as one line of JSON. A list is empty if its folder is missing. */
export function publishedLines(): { readonly examples: readonly string[]; readonly synthea: readonly string[] } {
  return { examples: readLines(examplesFolder()), synthea: readLines(syntheaFolder()) };
}

function readLines(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith('.ndjson.gz'))
    .flatMap((name) =>
      gunzipSync(readFileSync(join(folder, name)))
        .toString()
        .split('\n'),
    )
    .filter(Boolean);
}
