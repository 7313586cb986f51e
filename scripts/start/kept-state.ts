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

/** @returns the state of an earlier start, or a fresh one with a new encryption key. */
export function openState(folder: string): { readonly state: KeptState; readonly isNew: boolean } {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'state.json');
  if (existsSync(file)) return { state: JSON.parse(readFileSync(file, 'utf8')) as KeptState, isNew: false };
  const state = { encryptionKey: randomBytes(32).toString('base64'), connections: {} };
  saveState({ folder, state });
  return { state, isNew: true };
}

/** Only the owner may read it: it holds the encryption key. Replaced whole, so that a kill leaves no half of it. */
export function saveState({ folder, state }: { readonly folder: string; readonly state: KeptState }): void {
  const file = join(folder, 'state.json');
  writeFileSync(`${file}.new`, `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600 });
  chmodSync(`${file}.new`, 0o600);
  renameSync(`${file}.new`, file);
}
