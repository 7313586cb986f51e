import { expect, test } from '@jest/globals';
import { octetCounted, syslogMessage } from './syslog-message.ts';

const from = { hostName: 'api-1.example', appName: 'bulkhead', processId: 42 };
const line = { at: new Date('2026-05-01T10:00:00.123Z'), kind: 'resource.read', isWarning: false, text: '{"a":1}' };

/** The grammar and lengths of the header, from RFC 5424, section 6. */
const grammar =
  /^<(?<priority>\d{1,3})>1 (?<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?Z) (?<host>[!-~]{1,255}) (?<app>[!-~]{1,48}) (?<process>[!-~]{1,128}) (?<kind>[!-~]{1,32}) - (?<text>.*)$/;

test('a syslog message has the header of RFC 5424 and the text', () => {
  const message = syslogMessage({ line, ...from }).toString('latin1');
  expect(message).toBe('<85>1 2026-05-01T10:00:00.123Z api-1.example bulkhead 42 resource.read - {"a":1}');
  expect(grammar.exec(message)?.groups).toMatchObject({ text: '{"a":1}', kind: 'resource.read' });
});

test('a syslog message has the severity of a warning if its line is a warning', () => {
  expect(syslogMessage({ line: { ...line, isWarning: true }, ...from }).toString()).toMatch(/^<84>1 /);
});

test('a syslog message follows the grammar for every value of its fields', () => {
  const odd = { ...line, kind: 'a b\nc'.repeat(20), text: '' };
  const message = syslogMessage({ line: odd, hostName: '', appName: 'ä', processId: 1 }).toString('latin1');
  expect(grammar.exec(message)?.groups).toMatchObject({ host: '-', app: '-' });
  expect(message).not.toContain('\n');
});

test('a syslog message is ASCII and encodes the same JSON', () => {
  const value = { name: 'Zoë 😀\u2028\n' };
  const message = syslogMessage({ line: { ...line, text: JSON.stringify(value) }, ...from });
  expect(message.every((byte) => byte >= 0x20 && byte < 0x7f)).toBe(true);
  expect(JSON.parse(grammar.exec(message.toString())?.groups?.text ?? '')).toEqual(value);
});

test('octetCounted puts the number of bytes before the message', () => {
  expect(octetCounted(Buffer.from('abc')).toString()).toBe('3 abc');
});
