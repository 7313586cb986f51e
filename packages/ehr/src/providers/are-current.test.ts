import { expect, test } from '@jest/globals';
import { areCurrent, type Capabilities } from './ehr-connection.ts';

test('the capabilities of a server are current for a day after they were read', () => {
  const readAt = new Date('2024-01-01T00:00:00Z');
  const capabilities: Capabilities = { readAt, exportLevels: [], resourceTypes: [] };
  expect(areCurrent(capabilities, readAt)).toBe(true);
  expect(areCurrent(capabilities, new Date('2024-01-01T23:59:59.999Z'))).toBe(true);
  expect(areCurrent(capabilities, new Date('2024-01-02T00:00:00Z'))).toBe(false);
});
