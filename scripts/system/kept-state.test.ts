import { chmodSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { openState, saveState } from './kept-state.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bulkhead-state-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const mode = () => statSync(join(folder, 'state.json')).mode & 0o777;

test('the first start creates an encryption key that only the owner can read, and reports it', () => {
  const { state, note } = openState(folder);
  expect(Buffer.from(state.encryptionKey, 'base64')).toHaveLength(32);
  expect(mode()).toBe(0o600);
  expect(note).toContain('a new encryption key (state.json, mode 600)');
  expect(openState(folder)).toEqual({ state, note: expect.stringContaining('earlier start') });
});

test('saving the state makes it readable by the owner only, even if its permissions were changed', () => {
  const { state } = openState(folder);
  chmodSync(join(folder, 'state.json'), 0o644);
  saveState({ folder, state: { ...state, simulatorPort: 8081 } });
  expect([mode(), openState(folder).state]).toEqual([0o600, { ...state, simulatorPort: 8081 }]);
});
