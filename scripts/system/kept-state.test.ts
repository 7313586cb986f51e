import { chmodSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { openState, saveState } from './kept-state.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bulkhead-state-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const mode = () => statSync(join(folder, 'state.json')).mode & 0o777;

describe('the state of npm start', () => {
  test('has an encryption key of its own from the first start on, which only the owner reads, and says so', () => {
    const { state, note } = openState(folder);
    expect(Buffer.from(state.encryptionKey, 'base64')).toHaveLength(32);
    expect(mode()).toBe(0o600);
    expect(note).toContain('a new encryption key (state.json, mode 600)');
    expect(openState(folder)).toEqual({ state, note: expect.stringContaining('earlier start') });
  });

  test('is for its owner alone after every change, whatever somebody has made of it', () => {
    const { state } = openState(folder);
    chmodSync(join(folder, 'state.json'), 0o644);
    saveState({ folder, state: { ...state, simulatorPort: 8081 } });
    expect([mode(), openState(folder).state]).toEqual([0o600, { ...state, simulatorPort: 8081 }]);
  });
});
