import { lockNetwork } from '@bulkhead/embedded';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { buildConsole } from '../system/builds.ts';
import { startTestSystem, type TestSystemStart } from '../test-system/start-test-system.ts';

/** The browser needs no network outside of the test, and containers do not support its sandbox. */
const args = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-background-networking', '--disable-sync'];

/** Most pages live for a second or two, too short for what the optimizing compilers cost. */
const withoutCompilers = '--js-flags=--no-maglev --no-opt';

/** An export with its polls takes seconds, and ten times as long beside other tests. An element that is missing after this time will not appear. */
const stepMs = 60_000;

/** A start takes seconds. Files that use containers run first, and a first build of their images takes minutes. */
export const openTimeoutMs = 20 * 60_000;

export type BrowsedSystem = Awaited<ReturnType<typeof openSystem>>;

/** Starts a whole system with a built console, and a browser. */
export async function openSystem(
  options: TestSystemStart & {
    readonly command: string;
    /** The host by which the browser calls the API. Default: the usual one. */
    readonly host?: string;
    /** Whether a page has scripts that run for seconds. Default: false. */
    readonly hasLongScripts?: boolean;
  },
) {
  const { command: executablePath, host = '127.0.0.1', hasLongScripts = false, ...start } = options;
  await buildConsole();
  const system = await startTestSystem(start);
  const browser = await openBrowser({ executablePath, hasLongScripts });
  const baseUrl = system.baseUrl.replace('127.0.0.1', host);
  return {
    system,
    /** The address of the API as the browser calls it. */
    baseUrl,
    /** Opens a page, by its path if it is ours, and collects violations of its policy and script errors. */
    open: (path: string, context?: BrowserContextOptions) => browser.open(new URL(path, baseUrl).href, context),
    async logIn(page: Page, key = system.apiKey) {
      await page.locator('input[name=key]').fill(key);
      await page.locator('button[type=submit]').click();
    },
    /** @throws if a page had a script error */
    async stop() {
      try {
        await browser.stop();
      } finally {
        await system.stop();
      }
    },
  };
}

/** Starts a browser, whose pages collect violations of their policies, failed requests and script errors. */
export async function openBrowser(options: { readonly executablePath: string; readonly hasLongScripts: boolean }) {
  const { executablePath, hasLongScripts } = options;
  const lock = await lockNetwork('browse');
  const flags = hasLongScripts ? args : [...args, withoutCompilers];
  const browser = await chromium.launch({ executablePath, args: flags }).catch((error) => {
    lock.release();
    throw error;
  });
  const errors: string[] = [];
  return {
    open: (url: string, context?: BrowserContextOptions) => openPage({ browser, url, context, errors }),
    /** @throws if a page had a script error */
    async stop() {
      await browser.close();
      lock.release();
      if (errors.length > 0) throw new Error(`Pages had script errors:\n${errors.join('\n')}`);
    },
  };
}

async function openPage(options: {
  readonly browser: Browser;
  readonly url: string;
  readonly context: BrowserContextOptions | undefined;
  /** Collects the script errors of all pages. */
  readonly errors: string[];
}) {
  const { browser, url, context, errors } = options;
  const opened = await browser.newContext(context);
  opened.setDefaultTimeout(stepMs);
  const complaints: string[] = [];
  // Of all pages that a test opens in this context.
  opened.on('console', (message) => {
    if (message.type() === 'error') complaints.push(`${message.text()} ${message.location().url}`);
  });
  opened.on('weberror', (error) => {
    complaints.push(error.error().message);
    errors.push(`${error.page()?.url()}: ${error.error().message}`);
  });
  opened.on('requestfailed', (request) => complaints.push(`${request.url()} ${request.failure()?.errorText}`));
  const page = await opened.newPage();
  await page.goto(url);
  return { page, complaints };
}

/**
 * Leaves out what tests cause: refused requests, and pages that they leave. The page of a connection reads it every few seconds, also while
 * the connection is being removed.
 * @param existing the ids of the connections that were not removed
 */
export function withoutCaused(complaints: readonly string[], existing: readonly string[]): string[] {
  const isOfRemoved = (complaint: string) => {
    const id = /status of 404 .*\/connections\/(conn_\w+)/.exec(complaint)?.[1];
    return id !== undefined && !existing.includes(id);
  };
  const isCaused = (complaint: string) => /status of (?:400|403|409)|ERR_ABORTED/.test(complaint);
  return complaints.filter((complaint) => !isCaused(complaint) && !isOfRemoved(complaint));
}
