import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findChromium } from '@bulkhead/embedded';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Browser, chromium, type Page } from 'playwright-core';
import { type ChaosSystem, startChaosSystem } from '../chaos/system/start-chaos-system.ts';

const found = await findChromium({ env: process.env, progress: () => undefined });

/** It has nothing to ask anybody outside, and containers give it no sandbox. */
const args = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-background-networking', '--disable-sync'];

if ('missing' in found) {
  console.warn(`The tests of the pages are left out, since there is no Chromium: ${found.missing}`);
  test.todo('the pages in a browser');
} else {
  describe('in a browser', () => {
    let folder: string;
    let system: ChaosSystem;
    let browser: Browser;
    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), 'bulkhead-browser-'));
      system = await startChaosSystem({ folder, patients: 3, seed: 1, report: () => undefined });
      browser = await chromium.launch({ executablePath: found.command, args });
    }, 120_000);
    afterAll(async () => {
      await browser?.close();
      await system?.stop();
      rmSync(folder, { recursive: true, force: true });
    });

    /** A page, and what its policy or its scripts have complained of. */
    async function open(path: string): Promise<{ readonly page: Page; readonly complaints: string[] }> {
      const page = await browser.newPage();
      const complaints: string[] = [];
      page.on('console', (message) => {
        if (message.type() === 'error') complaints.push(message.text());
      });
      page.on('pageerror', (error) => complaints.push(error.message));
      page.on('requestfailed', (request) => complaints.push(`${request.url()} ${request.failure()?.errorText}`));
      await page.goto(system.baseUrl + path);
      return { page, complaints };
    }

    async function logIn(page: Page): Promise<void> {
      await page.locator('input[name=key]').fill(system.apiKey);
      await page.locator('button[type=submit]').click();
    }

    test('Bull Board leads to the log-in and back, works under the policy, and is has a cookie that no script reads', async () => {
      const { page, complaints } = await open('/admin/queues');
      expect(new URL(page.url()).pathname).toBe('/login');
      await logIn(page);
      await page.getByText('bulk-export').first().waitFor();
      expect(new URL(page.url()).pathname).toBe('/admin/queues');
      // Bull Board asks Google for a font: the policy keeps the browser from telling anybody where it is, and it has others.
      expect(complaints.filter((complaint) => !complaint.includes('fonts.googleapis.com'))).toEqual([]);
      const [cookie] = await page.context().cookies();
      expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Strict', expires: -1 });
      // A script of the page cannot read it.
      expect(await page.evaluate('document.cookie')).toBe('');
    }, 60_000);

    test('the API’s document is shown, with its operations, from our own files', async () => {
      const { page, complaints } = await open('/docs/');
      await page.getByText('Start a bulk export').first().waitFor();
      await page.getByText('/api/ehr/{provider}/enhanced-sync').first().click();
      await page.getByText('Sync the standard and the enhanced resource types').first().waitFor();
      expect(complaints).toEqual([]);
      const names = 'performance.getEntriesByType("resource").map(({ name }) => name)';
      const asked = (await page.evaluate(names)) as string[];
      expect(asked.length).toBeGreaterThan(2);
      expect(asked.filter((url) => !url.startsWith(system.baseUrl) && !url.startsWith('data:'))).toEqual([]);
    }, 60_000);

    test('a page of another origin cannot change anything with the operator’s cookie; our own can', async () => {
      const { page } = await open('/login?next=/admin/queues');
      await logIn(page);
      await page.getByText('bulk-export').first().waitFor();
      const body = JSON.stringify({ connectionId: system.connectionId, resourceTypes: ['Patient'] });
      const post = `fetch('${system.baseUrl}/api/ehr/athenahealth/bulk-export', {
        method: 'POST', credentials: 'include', mode: 'no-cors', body: '${body}'
      }).then((answer) => answer.status, () => 'blocked')`;
      const exports = () => system.store.bulkExports.listActive();
      // The same host on another port is of the same site: the browser sends the cookie along.
      await page.goto(`${system.simulator.baseUrl}/_sim/stats`);
      expect([0, 'blocked']).toContain(await page.evaluate(post));
      expect(await exports()).toEqual([]);
      await page.goto(`${system.baseUrl}/health`);
      expect(await page.evaluate(post)).toBe(202);
    }, 60_000);
  });
}
