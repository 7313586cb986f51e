import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { logIn } from '../testing/log-in.ts';
import { startApi } from '../testing/start-api.ts';

const page = '<!doctype html><title>the console</title>';
/** The headers of a browser that requests a page, and a file of that page. */
const browser = 'text/html,application/xhtml+xml,*/*;q=0.8';

const folder = mkdtempSync(join(tmpdir(), 'bulkhead-console-'));
mkdirSync(join(folder, 'assets'));
writeFileSync(join(folder, 'index.html'), page);
writeFileSync(join(folder, 'assets', 'index-abc.js'), 'let a;');
writeFileSync(join(folder, 'icon.svg'), '<svg/>');
writeFileSync(join(folder, '.tsbuildinfo'), '{}');
const api = await startApi({ env: { CONSOLE_DIR: folder } });
const cookie = await logIn(api, api.clientKey);
afterAll(async () => {
  await api.stopAndCheckAnswers();
  rmSync(folder, { recursive: true, force: true });
});

const send = (path: string, options: { accept?: string; cookie?: string } = {}) => {
  const { accept = browser, cookie } = options;
  return api.request('GET', path, { authorization: null, accept, headers: cookie === undefined ? {} : { cookie } });
};

test.each(['/', '/exports', '/exports/job_1?x=1', '/nowhere'])('the console serves its page at %s', async (path) => {
  const { status, headers, text } = await send(path, { cookie });
  expect([status, headers.get('cache-control'), text]).toEqual([200, 'no-store', page]);
  expect(headers.get('content-security-policy')).toContain("script-src 'self'");
});

test.each(['/', '/exports?status=FAILED'])('the console redirects from %s to the login and back', async (path) => {
  for (const cookie of [undefined, 'bulkhead=wrong']) {
    const { status, headers } = await send(path, cookie === undefined ? {} : { cookie });
    expect([status, headers.get('location')]).toEqual([302, `/login?next=${encodeURIComponent(path)}`]);
  }
});

test('the files of the console are cached, because their names change with their content', async () => {
  const script = await send('/assets/index-abc.js', { accept: '*/*' });
  expect([script.status, script.text]).toEqual([200, 'let a;']);
  expect(script.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
  expect((await send('/icon.svg', { accept: 'image/*' })).text).toBe('<svg/>');
  expect((await send('/assets/index-old.js', { cookie })).status).toBe(404);
});

test.each(['/..%2f..%2fetc%2fpasswd', '/assets/..%2f..%2fpackage.json', '/%2e%2e/%2e%2e/etc/passwd', '/.tsbuildinfo'])(
  'the console does not serve other files of the machine: %s',
  async (path) => {
    expect((await send(path, { accept: '*/*', cookie })).status).toBe(404);
  },
);

test('a program gets the error of the API for an unknown address', async () => {
  for (const accept of ['*/*', 'application/json']) {
    expect((await send('/nowhere', { accept, cookie })).body.error.code).toBe('unknown-route');
  }
  expect((await send('/api/ehr/nowhere', { cookie })).refusal).toEqual([404, 'unknown-route']);
});

test('the console says how to build it if it was not built', async () => {
  rmSync(join(folder, 'index.html'));
  const { status, body } = await send('/', { cookie });
  expect(status).toBe(503);
  expect(body.error).toEqual({ code: 'console-not-built', message: expect.stringContaining('docs/how-to/install.md') });
  writeFileSync(join(folder, 'index.html'), page);
});
