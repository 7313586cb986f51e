import { existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { baseEnv, captureCommand, createBrowser } from '@bulkhead/testing';
import { anyCharacter } from '@bulkhead/testing/any-character';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { rolldown } from 'rolldown';
import { onTestServers } from '../test-system/on-test-servers.fixture.ts';
import { startTestSystem, type TestSystem } from '../test-system/start-test-system.ts';
import config from './rolldown.config.ts';

/**
 * The bundle replaces two modules of MongoDB's driver: `whatwg-url` by node's URL, and `saslprep` by a function that reads the tables
 * only if it needs them. The oracle is the driver as it is published.
 */

interface Parser {
  readonly ConnectionString: new (
    uri: string,
  ) => {
    readonly href: string;
    readonly hosts: readonly string[];
    readonly username: string;
    readonly password: string;
    readonly pathname: string;
    readonly isSRV: boolean;
    readonly searchParams: URLSearchParams;
    clone(): { readonly href: string };
    redact(): { readonly href: string };
  };
}

const driver = createRequire(import.meta.url).resolve('mongodb');
const fromDriver = createRequire(driver);
const published = fromDriver('mongodb-connection-string-url') as Parser;
type Saslprep = (password: string) => string;
const { saslprep } = fromDriver('@mongodb-js/saslprep') as { saslprep: Saslprep };
const folder = mkdtempSync(join(tmpdir(), 'bulkhead-bundles-'));
afterAll(() => rmSync(folder, { recursive: true }));

let bundled: Parser & { readonly prepare: Saslprep };
beforeAll(async () => {
  const entry = join(folder, 'entry.js');
  writeFileSync(
    entry,
    [
      `export { ConnectionString } from 'mongodb-connection-string-url';`,
      `export { saslprep as prepare } from '@mongodb-js/saslprep';`,
    ].join('\n'),
  );
  // The packages on which the driver depends.
  symlinkSync(join(dirname(driver), '..', '..'), join(folder, 'node_modules'));
  const build = await rolldown({ ...config, input: entry });
  await build.write({ ...config.output, dir: folder, entryFileNames: 'bundled.mjs' });
  await build.close();
  bundled = (await import(join(folder, 'bundled.mjs'))) as typeof bundled;
});

/** What the driver reads of a connection string, or the error. */
function read({ ConnectionString }: Parser, uri: string) {
  try {
    const parsed = new ConnectionString(uri);
    const { href, hosts, username, password, pathname, isSRV, searchParams } = parsed;
    const names = [...searchParams.keys()];
    const options = names.map((name) => [name, searchParams.getAll(name.toUpperCase())]);
    return {
      href,
      hosts,
      username,
      password,
      pathname,
      isSRV,
      options,
      copy: parsed.clone().href,
      redacted: parsed.redact().href,
    };
  } catch (error) {
    const { name, message } = error as Error;
    // Node and whatwg-url have different messages for an invalid URL.
    return { name, message: name === 'TypeError' ? 'invalid' : message };
  }
}

function isPercentEncoded(text: string): boolean {
  try {
    return decodeURIComponent(text) !== undefined;
  } catch {
    return false;
  }
}

describe('the parser of connection strings in a bundle', () => {
  test.each([
    'mongodb://localhost',
    'mongodb://127.0.0.1:27017/bulkhead',
    'mongodb://user:p%40ss%2Fword@a.example:27017,b.example:27018/bulkhead?replicaSet=rs0&w=majority&journal=true',
    'mongodb+srv://us%C3%A9r:s%C3%A9cret@cluster.example/?retryWrites=false&appName=x%20y',
    'mongodb://[::1]:27017,[fe80::1]/db?readPreference=secondary&readPreferenceTags=dc:ny,rack:1&readPreferenceTags=',
    'mongodb://%2Ftmp%2Fmongodb-27017.sock/db',
    'mongodb://host/ünïcode?authMechanismProperties=a:b,c:d&TLS=true&tls=false',
    'mongodb+srv://a.example,b.example/',
    'mongodb+srv://a.example:27017/',
    'mongodb://user:pa/ss@host/',
    'mongodb://@host/',
    'mongodb://user@:27017/',
    'http://host/',
    'mongodb://',
    '',
  ])('reads %s as published', (uri) => {
    expect(read(bundled, uri)).toEqual(read(published, uri));
  });

  test('reads generated connection strings as published', () => {
    const text = fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 8 }),
      fc.constantFrom('', 'a', '%', '%41', 'é', '@', ':', '/'),
    );
    // The published parser adds a character to an unencoded character outside of the basic plane, and node does not.
    const isInBasicPlane = (value: string) => !/\p{Surrogate}|[\u{10000}-\u{10ffff}]/u.test(value);
    // The bundler drops a call of the published parser that only checks the percent-encoding. The driver checks it again later.
    const encoded = fc.oneof(text.map(encodeURIComponent), text.filter(isPercentEncoded).filter(isInBasicPlane));
    const host = fc.constantFrom('localhost', 'a.example:27017', '[::1]', 'ü.example', 'A_b', '%2Ftmp%2Fa.sock');
    const uri = fc
      .tuple(
        fc.constantFrom('mongodb://', 'mongodb+srv://', 'MONGODB://'),
        fc.option(fc.tuple(encoded, encoded)),
        fc.array(host, { minLength: 1, maxLength: 3 }),
        encoded,
        fc.array(fc.tuple(fc.constantFrom('w', 'W', 'tls', 'replicaSet', 'x y'), encoded), { maxLength: 3 }),
      )
      .map(([scheme, user, hosts, path, options]) => {
        const auth = user ? `${user.join(':')}@` : '';
        const query = options.map((option) => option.join('=')).join('&');
        return `${scheme}${auth}${hosts.join()}/${path}?${query}`;
      });
    fc.assert(
      fc.property(uri, (generated) => {
        expect(read(bundled, generated)).toEqual(read(published, generated));
      }),
      { numRuns: 2000 },
    );
  });
});

describe('the preparation of passwords in a bundle', () => {
  /** The prepared password, or the message of the error. */
  function prepare(saslprep: Saslprep, password: string) {
    try {
      return { password: saslprep(password) };
    } catch (error) {
      return { message: (error as Error).message };
    }
  }

  test('is as published for generated passwords', () => {
    const ascii = fc.string({ unit: 'binary-ascii' });
    const others = fc.constantFrom(
      ...['\u00ad', '\u00a0', '\ufb01', '\u0627', '\u0627\u0031', '\u0221', '\u200b', '\ud800', '\u007f'],
    );
    const password = fc.oneof(
      ascii,
      fc.string({ unit: anyCharacter }),
      fc.tuple(ascii, others, ascii).map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(password, (generated) => {
        expect(prepare(bundled.prepare, generated)).toEqual(prepare(saslprep, generated));
      }),
      { numRuns: 2000 },
    );
  });
});

describe('the bundle of the API', () => {
  let system: TestSystem;
  beforeAll(async () => {
    system = await startTestSystem({ ...onTestServers(), workerCount: 0, patients: 1 });
  });
  afterAll(() => system?.stop());

  test('the bundle of the API serves the pages of Bull Board and Swagger UI, with every script and style of them', async () => {
    const { baseUrl: url, apiKey: key } = system;
    const browser = createBrowser();
    await browser.submit(`${url}/login`, { key });
    for (const path of ['/admin/queues/', '/docs/']) {
      const page = await browser.open(url + path);
      const assets = [...(await page.text()).matchAll(/(?:src|href)="([^"]+[.](?:js|css))"/g)].map(
        ([, asset = '']) => asset,
      );
      expect(assets.length).toBeGreaterThan(1);
      for (const asset of assets) {
        const { status, headers } = await browser.open(new URL(asset, url + path).href);
        expect([asset, status, headers.get('content-type')]).toEqual([
          asset,
          200,
          expect.stringMatching(/^text\/(?:javascript|css)/),
        ]);
      }
    }
  });
});

/** The modules of which something is in the bundle of a program. */
async function contentOf(app: string): Promise<readonly string[]> {
  const cwd = join(import.meta.dirname, '../../apps', app);
  const build = await rolldown({ ...config, input: 'src/main.ts', cwd });
  const { output } = await build.generate(config.output as object);
  await build.close();
  const modules = output.flatMap((part) => (part.type === 'chunk' ? Object.entries(part.modules) : []));
  return modules.filter(([, { renderedLength }]) => renderedLength > 0).map(([path]) => path);
}

test.each([
  // It has the records of served exports, because retention and erasures concern the data of every feature.
  {
    app: 'api',
    lacks: [
      ...['packages/ehr/src/client/', 'packages/records/src/resources/commands/'],
      ...['bulk/commands/', 'tables/commands/', 'tables/view/'].map((folder) => `packages/serving/src/${folder}`),
    ],
  },
  { app: 'serve', lacks: ['node_modules/bullmq/', 'packages/ehr/src/client/', 'packages/imports/src/export/start/'] },
])('the bundle of $app has nothing of $lacks', async ({ app, lacks }) => {
  const content = await contentOf(app);
  expect(content.length).toBeGreaterThan(500);
  expect(content.filter((path) => lacks.some((part) => path.includes(part)))).toEqual([]);
  const root = join(import.meta.dirname, '../..');
  const moved = lacks.filter((part) => part.startsWith('packages/') && !existsSync(join(root, part)));
  expect(moved).toEqual([]);
});

test.each(['api', 'serve', 'worker', 'ehr-simulator'])(
  'on an older Node.js the %s says in one line what it needs',
  async (app) => {
    const version = `Object.defineProperty(process, 'version', { value: 'v20.1.0' });
    Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.1.0' } });`;
    const preload = `data:text/javascript,${encodeURIComponent(version)}`;
    const command = [
      process.execPath,
      '--import',
      preload,
      join(import.meta.dirname, `../../apps/${app}/dist/main.js`),
    ];
    expect(await captureCommand({ cwd: folder, env: baseEnv(), command })).toEqual({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/^Bulkhead needs Node.js 26 or newer, and this is v20[.]1[.]0[.] Use .*node[.]\n$/),
    });
  },
);
