import { beforeAll, expect, test } from '@jest/globals';
import { describeInBrowser } from './describe-in-browser.fixture.ts';
import { type BrowsedSystem, openTimeoutMs } from './open-system.ts';

describeInBrowser('in a browser', (open) => {
  let browsed: BrowsedSystem;
  beforeAll(async () => {
    browsed = await open({ patients: 3, hasLongScripts: true });
  }, openTimeoutMs);

  test('Bull Board redirects to the log-in and back, works under its policy, leads back to the console, and has a cookie that scripts cannot read', async () => {
    const { page, complaints } = await browsed.open('/admin/queues');
    expect(new URL(page.url()).pathname).toBe('/login');
    await browsed.logIn(page);
    await page.getByText('bulk-export').first().waitFor();
    expect(new URL(page.url()).pathname).toBe('/admin/queues');
    // Bull Board requests a font from Google. The policy blocks the request, so that Google does not learn the
    // address. Other fonts are used.
    expect(complaints.filter((complaint) => !complaint.includes('fonts.googleapis.com'))).toEqual([]);
    const [cookie] = await page.context().cookies();
    expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Strict', expires: -1 });
    // Scripts of the page cannot read it.
    expect(await page.evaluate('document.cookie')).toBe('');
    expect(await page.title()).toContain('Bull Board');
    // Bull Board has its further links in the last menu of its header.
    await page.locator('header li').last().getByRole('button').click();
    await page.getByText('Back to the console').click();
    await page.getByRole('link', { name: 'Bull Board' }).waitFor();
    expect(new URL(page.url()).pathname).toBe('/');
  });

  test('the API docs show all operations, and load only our own files', async () => {
    const { page, complaints } = await browsed.open('/docs/');
    // Swagger UI reads the whole document first: up to 8 s on one core, and a busy core takes ten times as long.
    page.setDefaultTimeout(240_000);
    await page.getByText('Enhanced syncs', { exact: true }).first().click();
    await page.getByText('/api/ehr/{provider}/enhanced-sync').first().click();
    await page.getByText('Sync the standard and the enhanced resource types').first().waitFor();
    expect(complaints).toEqual([]);
    // Without a viewport a phone shows the page at the width of a desktop.
    const viewport = await page.locator('meta[name=viewport]').getAttribute('content');
    expect(viewport).toContain('width=device-width');
    const names = 'performance.getEntriesByType("resource").map(({ name }) => name)';
    const requested = (await page.evaluate(names)) as string[];
    expect(requested.length).toBeGreaterThan(2);
    expect(requested.filter((url) => !url.startsWith(browsed.system.baseUrl) && !url.startsWith('data:'))).toEqual([]);
  }, 300_000);

  test('a page of another origin cannot change anything with the cookie of an operator, but our own page can', async () => {
    const { page } = await browsed.open('/login?next=/admin/queues');
    await browsed.logIn(page);
    await page.getByText('bulk-export').first().waitFor();
    const body = JSON.stringify({ connectionId: browsed.system.connectionId, resourceTypes: ['Patient'] });
    const post = `fetch('${browsed.system.baseUrl}/api/ehr/athenahealth/bulk-export', {
        method: 'POST', credentials: 'include', mode: 'no-cors', body: '${body}'
      }).then((answer) => answer.status, () => 'blocked')`;
    const exports = () => browsed.system.store.bulkExports.listActive();
    // The same host on another port is the same site, so the browser sends the cookie.
    await page.goto(`${browsed.system.simulator.baseUrl}/_sim/stats`);
    expect([0, 'blocked']).toContain(await page.evaluate(post));
    expect(await exports()).toEqual([]);
    await page.goto(`${browsed.system.baseUrl}/health`);
    expect(await page.evaluate(post)).toBe(202);
  });
});
