import { findChromium } from '@bulkhead/embedded';
import { startQuickSystem } from '../chaos/system/start-quick-system.fixture.ts';
import { describeWith } from '../describe-with.fixture.ts';
import { openSystem } from './open-system.ts';

type Options = Omit<Parameters<typeof openSystem>[0], 'command' | 'start'>;

const tool = await findChromium({ env: process.env, progress: () => undefined });

/** Describes tests that open a system in a browser with `open`. A machine without a browser skips them. */
export function describeInBrowser(
  title: string,
  define: (open: (options: Options) => ReturnType<typeof openSystem>) => void,
): void {
  describeWith({ title, tool }, ({ command }) =>
    define((options) => openSystem({ ...options, start: startQuickSystem, command })),
  );
}
