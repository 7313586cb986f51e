import { expect, test } from '@jest/globals';
import { openBinaryJson } from './binary-json.ts';

async function read(json: string, chunkBytes: number) {
  const bytes = Buffer.from(json);
  const binary = openBinaryJson(
    (async function* () {
      for (let start = 0; start < bytes.length; start += chunkBytes) yield bytes.subarray(start, start + chunkBytes);
    })(),
  );
  const parts: Buffer[] = [];
  for await (const part of binary.bytes) parts.push(part);
  return { content: Buffer.concat(parts).toString(), contentType: binary.contentType() };
}

const hello = Buffer.from('Hello, World? ÿÿÿ').toString('base64');

test.each([1, 2, 3, 7, 1000])(
  'a Binary in JSON is decoded from chunks of %i bytes, in every order of elements and style',
  async (chunkBytes) => {
    const nested =
      '"meta":{"data":"no","x":[{"data":"no"},["]}"]]},"extension":[{"url":"a\\"b\\\\","valueString":"data"}]';
    for (const json of [
      `{"resourceType":"Binary","contentType":"application\\/pdf","data":"${hello}"}`,
      `{ "data" : "${hello.replaceAll('/', '\\/')}" , ${nested}, "resourceType":"Binary", "contentType":"application/pdf" }\n`,
      `{${nested},"data":"${hello.replace(/(.{4})/g, '$1\\r\\n')}","contentType":"application/pdf","resourceType":"Binary"}`,
    ]) {
      expect(await read(json, chunkBytes)).toEqual({ content: 'Hello, World? ÿÿÿ', contentType: 'application/pdf' });
    }
  },
);

test.each([
  { what: 'another resource', json: '{"resourceType":"OperationOutcome","data":"YQ=="}' },
  { what: 'no data', json: '{"resourceType":"Binary"}' },
  { what: 'data that is not a string', json: '{"resourceType":"Binary","data":null}' },
  { what: 'data inside another element', json: '{"resourceType":"Binary","meta":{"data":"YQ=="}}' },
  { what: 'data that is not base64', json: '{"resourceType":"Binary","data":"a-b_"}' },
  { what: 'an escaped character', json: '{"resourceType":"Binary","data":"YQ\\u003d\\u003d"}' },
  { what: 'more data after the padding', json: '{"resourceType":"Binary","data":"YQ==YQ=="}' },
  { what: 'a missing character', json: '{"resourceType":"Binary","data":"YWFhY"}' },
  { what: 'a cut-off string', json: '{"resourceType":"Binary","data":"YWFh' },
  { what: 'no closing brace', json: '{"resourceType":"Binary","data":"YWFh"' },
  { what: 'no text at all', json: '' },
  { what: 'HTML instead of JSON', json: '<html>"data"</html>' },
])('a Binary in JSON with $what is rejected', async ({ json }) => {
  for (const chunkBytes of [1, 3, 1000]) await expect(read(json, chunkBytes)).rejects.toThrow(SyntaxError);
});
