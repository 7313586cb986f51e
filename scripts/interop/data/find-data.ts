import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

/** A resource as its original text. */
export interface SourceResource {
  readonly type: string;
  readonly id: string;
  readonly text: string;
  /** The ids of the patients to which it refers anywhere. For a Patient, also its own id. */
  readonly patientIds: readonly string[];
}

const fileName = /^[A-Z][A-Za-z]+\.ndjson(\.gz)?$/;

/** The folder beside the checkout that may have data. */
const dataBeside = join(import.meta.dirname, '..', '..', '..', '..', 'shared', 'data');

/**
 * Returns the folder of `Type.ndjson(.gz)` files to load: INTEROP_DATA_DIR, or a folder with patients beside the
 * checkout.
 *
 * @returns undefined if there is no such folder, so that generated data are loaded @throws Error if INTEROP_DATA_DIR
 * names a folder without such files
 */
export function findDataFolder(env: NodeJS.ProcessEnv, beside: string = dataBeside): string | undefined {
  const folder = env.INTEROP_DATA_DIR;
  if (folder) {
    if (existsSync(folder) && readdirSync(folder).some((name) => fileName.test(name))) return folder;
    throw new Error(`INTEROP_DATA_DIR: ${folder} has no files such as Patient.ndjson or Patient.ndjson.gz.`);
  }
  // The published examples do not form a practice: the targets of their references do not exist.
  const folders = globSync('synthea*', { cwd: beside }).sort();
  return folders.map((name) => join(beside, name)).find((folder) => existsSync(join(folder, 'Patient.ndjson.gz')));
}

/**
 * Returns the folder of HL7's published examples: FHIR_EXAMPLES_DIR, or `fhir-r4-examples` beside the checkout.
 * Undefined if it does not exist.
 */
export function findExamplesFolder(env: NodeJS.ProcessEnv, beside: string = dataBeside): string | undefined {
  const folder = env.FHIR_EXAMPLES_DIR ?? join(beside, 'fhir-r4-examples');
  return existsSync(folder) ? folder : undefined;
}

/** Reads every resource of a folder. */
export function readDataFolder(folder: string): SourceResource[] {
  const files = readdirSync(folder).filter((name) => fileName.test(name));
  return files.sort().flatMap((name) => {
    const bytes = readFileSync(join(folder, name));
    const text = (name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
    return text.split('\n').filter(Boolean).map(toSourceResource);
  });
}

export function toSourceResource(text: string): SourceResource {
  const { resourceType: type, id } = JSON.parse(text) as { readonly resourceType: string; readonly id: string };
  const references = text.matchAll(/"reference"\s*:\s*"Patient\/([^"]+)"/g);
  const referenced = [...references].map(([, patientId = '']) => patientId);
  return { type, id, text, patientIds: type === 'Patient' ? [id, ...referenced] : referenced };
}
