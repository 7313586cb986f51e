import { findChromium } from '@bulkhead/embedded';
import { expect, test } from '@jest/globals';
import { describeWith } from '../describe-with.fixture.ts';
import { openBrowser } from './open-system.ts';

const tool = await findChromium({ env: process.env, progress: () => undefined });

describeWith({ title: 'a browser of the tests', tool }, ({ command }) => {
  test('a script error of a page fails the test that has opened the page', async () => {
    const browser = await openBrowser({ executablePath: command, hasLongScripts: false });
    const { page } = await browser.open('data:text/html,<p>a page</p>');
    await Promise.all([
      page.context().waitForEvent('weberror'),
      page.evaluate('void setTimeout(() => { throw new Error("planted"); })'),
    ]);
    await expect(browser.stop()).rejects.toThrow('planted');
  });
});
