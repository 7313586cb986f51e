import { findChromium } from '@bulkhead/embedded';
import { afterAll } from '@jest/globals';
import { describeWith } from '../describe-with.fixture.ts';
import { onTestServers } from '../test-system/on-test-servers.fixture.ts';
import { type BrowsedSystem, openSystem } from './open-system.ts';

type Options = Omit<Parameters<typeof openSystem>[0], 'command'>;

const tool = await findChromium({ env: process.env, progress: () => undefined });

/** Describes tests that open a system in a browser with `open`, until they end. A machine without a browser skips them. */
export function describeInBrowser(
  title: string,
  define: (open: (options: Options) => Promise<BrowsedSystem>) => void,
): void {
  describeWith({ title, tool }, ({ command }) => {
    let browsed: BrowsedSystem | undefined;
    afterAll(() => browsed?.stop());
    define(async (options) => {
      browsed = await openSystem({ ...onTestServers(), ...options, command });
      return browsed;
    });
  });
}
