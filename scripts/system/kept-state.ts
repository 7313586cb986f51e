import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The state that a start saves for the next one, in `.bulkhead/state.json`. */
export interface KeptState {
  /** Base64. Encrypts secrets in the database. */
  readonly encryptionKey: string;
  /** The first characters of the key that was shown, so that the user can recognise it. */
  readonly apiKeyPrefix?: string;
  readonly simulatorPort?: number;
  /** The connection that holds the resources of each data source (a folder, or `generated`). */
  readonly connections: Readonly<Record<string, { readonly id: string; readonly patients?: number }>>;
}

/** @returns the state of an earlier start, or a new one with a new encryption key, and a note for the user */
export function openState(folder: string): { readonly state: KeptState; readonly note: string } {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'state.json');
  if (existsSync(file)) {
    const state = JSON.parse(readFileSync(file, 'utf8')) as KeptState;
    return { state, note: `ℹ using the state of an earlier start in ${folder}` };
  }
  const state = { encryptionKey: randomBytes(32).toString('base64'), connections: {} };
  saveState({ folder, state });
  const note = `ℹ state is kept in ${folder}, with a new encryption key (state.json, mode 600)`;
  return { state, note };
}

/**
 * Writes the state readable by the owner only, because it holds the encryption key, and atomically, so that a kill
 * leaves a complete file.
 */
export function saveState({ folder, state }: { readonly folder: string; readonly state: KeptState }): void {
  const file = join(folder, 'state.json');
  writeFileSync(`${file}.new`, `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600 });
  chmodSync(`${file}.new`, 0o600);
  renameSync(`${file}.new`, file);
}
