import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { expect, test } from '@jest/globals';
import { terminalTextStream, toTerminalJson, toTerminalText } from './terminal-text.ts';

const hostile = 'Patient\u001b[2J\u009b31m\u0007\r\u202egnp\u{e0001}';

test('toTerminalText replaces characters that control a terminal or the direction of text', () => {
  expect(toTerminalText(`${hostile}\n\tBärbel 😀`)).toBe('Patient�[2J�31m���gnp�\n\tBärbel 😀');
});

test('toTerminalJson escapes characters that control a terminal, and JSON.parse restores them', () => {
  const json = toTerminalJson({ type: hostile });
  expect(json).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  expect(JSON.parse(json)).toEqual({ type: hostile });
});

test('terminalTextStream does not break characters that are split between chunks', async () => {
  const bytes = Buffer.from('ä\u001b[31m😀');
  const chunks = [...bytes].map((byte) => Buffer.of(byte));
  expect(await text(Readable.from(chunks).pipe(terminalTextStream()))).toBe('ä�[31m😀');
});
