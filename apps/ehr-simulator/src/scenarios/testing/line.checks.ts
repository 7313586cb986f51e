import { expect } from '@jest/globals';
import { jsonOf, type SimulatorClient } from '../../testing/simulator-client.ts';
import { type Check, type Checks, filesOf, lines, ndjson, patientUrl, truth } from './probe.ts';

/** Reads the Patient file whole and from inside its second line, and expects the same file with the right length. */
async function patientFile(client: SimulatorClient): Promise<{ readonly bytes: Buffer; readonly expected: string[] }> {
  const url = await patientUrl(client);
  const first = await client.get(url, ndjson);
  const bytes = Buffer.from(await first.arrayBuffer());
  expect(first.headers.get('content-length')).toBe(String(bytes.length));
  const etag = first.headers.get('etag') ?? '';
  const from = bytes.indexOf('\n') + 100;
  const rest = await client.get(url, { ...ndjson, range: `bytes=${from}-`, 'if-range': etag });
  expect(rest.status).toBe(206);
  expect(Buffer.from(await rest.arrayBuffer()).equals(bytes.subarray(from))).toBe(true);
  return { bytes, expected: await truth(client) };
}

/** Expects the lines of the practice, except for the second one, which `expected` checks. */
function secondLine(expected: (line: string, original: string) => void): Check {
  return async (client) => {
    const file = await patientFile(client);
    const received = lines(file.bytes.toString());
    expect(received.toSpliced(1, 1)).toEqual(file.expected.toSpliced(1, 1));
    expected(received[1] ?? '', file.expected[1] ?? '');
  };
}

function fileIs(expected: (truth: readonly string[]) => string): Check {
  return async (client) => {
    const file = await patientFile(client);
    expect(file.bytes.toString()).toBe(expected(file.expected));
  };
}

function formIs(expected: (truth: readonly string[]) => string): Check {
  return async (client) => expect(await client.text(await patientUrl(client))).toBe(expected(await truth(client)));
}

function isJson(line: string): boolean {
  try {
    JSON.parse(line);
    return true;
  } catch {
    return false;
  }
}

export const lineChecks = {
  'corrupt-line': secondLine((line, original) => {
    expect(original.startsWith(line)).toBe(true);
    expect(isJson(line)).toBe(false);
  }),
  'many-bad-lines': async (client) => {
    const { bytes } = await patientFile(client);
    expect(lines(bytes.toString()).map(isJson)).toEqual([true, true, true, false, true, true, true, false]);
  },
  'null-line': secondLine((line) => expect(line).toBe('null')),
  'array-line': secondLine((line) => expect(JSON.parse(line)).toHaveLength(1)),
  'array-files': formIs((lines) => `[${lines.join(',')}]`),
  'pretty-files': async (client) => {
    const text = await client.text(await patientUrl(client));
    expect(text).toMatch(/^\{\n {2}"resourceType":"Patient",\n {2}"/);
    expect(text.replaceAll(/\n {2}/g, '').replaceAll(/,\s+/g, ',')).toBe(
      `${(await truth(client)).join('\n')}\n`.replaceAll(/,\s+/g, ','),
    );
  },
  'pretty-array-files': async (client) => {
    expect(await client.text(await patientUrl(client))).toMatch(/^\[\n\{\n {2}"resourceType":"Patient",\n {2}"/);
  },
  'bundle-files': formIs(
    (lines) =>
      `{"resourceType":"Bundle","type":"collection","entry":[${lines.map((line) => `{"resource":${line}}`).join(',')}]}`,
  ),
  'no-id': secondLine((line, original) => {
    const { id: _, ...rest } = JSON.parse(original);
    expect(JSON.parse(line)).toEqual(rest);
  }),
  'other-type': secondLine((line, original) => {
    expect(JSON.parse(line)).toEqual({ ...JSON.parse(original), resourceType: 'Basic' });
  }),
  'control-characters': secondLine((line) => {
    expect(line).toContain('\u0000\u000b\t');
    expect(isJson(line)).toBe(false);
  }),
  'invalid-utf8': async (client) => {
    const { bytes, expected } = await patientFile(client);
    const at = bytes.indexOf(Buffer.from([0xfc, 0xff]));
    expect(at).toBeGreaterThan(bytes.indexOf('\n'));
    expect(Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 2)]).toString()).toBe(`${expected.join('\n')}\n`);
    expect(() => new TextDecoder('utf8', { fatal: true }).decode(bytes)).toThrow();
  },
  'long-line': secondLine((line, original) => {
    expect(line.length).toBeGreaterThan(17_000_000);
    const { implicitRules: _, ...rest } = JSON.parse(line);
    expect(rest).toEqual(JSON.parse(original));
  }),
  'byte-order-mark': async (client) => {
    const { bytes, expected } = await patientFile(client);
    expect([...bytes.subarray(0, 3)]).toEqual([0xef, 0xbb, 0xbf]);
    expect(bytes.subarray(3).toString()).toBe(`${expected.join('\n')}\n`);
  },
  crlf: fileIs((expected) => expected.map((line) => `${line}\r\n`).join('')),
  'blank-lines': fileIs((expected) => expected.map((line) => `${line}\n\n`).join('')),
  'trailing-spaces': fileIs((expected) => expected.map((line) => `${line} \n`).join('')),
  'no-final-newline': fileIs((expected) => expected.join('\n')),
  'careless-file': fileIs((expected) => `\uFEFF${expected.map((line) => `${line}\r\n\r\n`).join('')}`),
  'exact-numbers': async (client) => {
    const numbers = ['"value":1.50}', '"value":12345678901234567890}', '"value":1e2}', '"value":-0.0}'];
    const [file] = await filesOf(client, 'Observation');
    const patient = 'ah-practice=Organization/a-1.Practice-195900&_id=exact-numbers';
    const texts = [
      lines(await client.text(file?.url ?? '')).find((line) => line.includes('exact-numbers')),
      (await truth(client, 'Observation')).find((line) => line.includes('exact-numbers')),
      await (await client.get('/Observation/exact-numbers')).text(),
      await (await client.get(`/Observation?${patient}`)).text(),
    ];
    for (const text of texts) for (const number of numbers) expect(text).toContain(number);
    expect((await jsonOf(client.control('GET', '/types'))).Observation).toBe(file?.count);
  },
} satisfies Checks;
