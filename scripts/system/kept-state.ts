import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What a start leaves for the next one, in `.bulkhead/state.json`. */
export interface KeptState {
  /** Base64; seals secrets in the database. */
  readonly encryptionKey: string;
  /** Beginning of the key that was shown, to recognise it by. */
  readonly apiKeyPrefix?: string;
  readonly simulatorPort?: number;
  /** Per data source (a folder, or `generated`): the connection that its resources are stored under. */
  readonly connections: Readonly<Record<string, { readonly id: string; readonly patients?: number }>>;
}

/** @returns the state of an earlier start, or a fresh one with a new encryption key, and what to say of it. */
export function openState(folder: string): { readonly state: KeptState; readonly note: string } {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'state.json');
  if (existsSync(file)) {
    const state = JSON.parse(readFileSync(file, 'utf8')) as KeptState;
    return { state, note: `ℹ going on with the state of an earlier start in ${folder}` };
  }
  const state = { encryptionKey: randomBytes(32).toString('base64'), connections: {} };
  saveState({ folder, state });
  const note = `ℹ state is kept in ${folder}, with a new encryption key (state.json, mode 600)`;
  return { state, note };
}

/** Only the owner may read it: it holds the encryption key. Replaced whole, so that a kill leaves no half of it. */
export function saveState({ folder, state }: { readonly folder: string; readonly state: KeptState }): void {
  const file = join(folder, 'state.json');
  writeFileSync(`${file}.new`, `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600 });
  chmodSync(`${file}.new`, 0o600);
  renameSync(`${file}.new`, file);
}
