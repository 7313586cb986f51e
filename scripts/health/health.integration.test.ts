import { findChromium } from '@bulkhead/embedded';
import { waitFor } from '@bulkhead/testing';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Page } from 'playwright-core';
import { type BrowsedSystem, openSystem, openTimeoutMs } from '../browser/open-system.ts';
import { runBulkhead } from '../cli/run-bulkhead.fixture.ts';
import { startTestSystem, type TestSystem } from '../test-system/start-test-system.ts';
import { disruptAll, disruptions, send } from './disrupt.fixture.ts';

const chromium = await findChromium({ env: process.env, progress: () => undefined });
const metricsToken = 'prometheus-0123456789';
const env = { METRICS_TOKEN: metricsToken };

let browsed: BrowsedSystem | undefined;
let page: Page | undefined;
let system: TestSystem;
beforeAll(async () => {
  if ('missing' in chromium) {
    console.warn(`The overview of the console is not tested, because there is no Chromium: ${chromium.missing}`);
    system = await startTestSystem({ patients: 1, env });
    return;
  }
  browsed = await openSystem({ command: chromium.command, patients: 1, env });
  ({ system } = browsed);
  ({ page } = await browsed.open('/'));
  await browsed.logIn(page);
  await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
}, openTimeoutMs);
afterAll(() => (browsed ?? system)?.stop());

interface Check {
  readonly id: string;
  readonly title: string;
  readonly severity: string;
  readonly subjects: readonly { readonly kind: string }[];
}

/** What each of the four views shows of one check. */
type Views = ReadonlyMap<string, Readonly<Record<'report' | 'metric' | 'doctor' | 'overview', string | number>>>;

interface Report {
  readonly checks: readonly Check[];
  /** What has one cause, as the overview and `bulkhead doctor` show it. */
  readonly problems: readonly {
    readonly title: string;
    readonly severity: string;
    readonly checks: readonly string[];
  }[];
}

const readWholeReport = (): Promise<Report> => send(system, '/api/ehr/health-report?fresh=true');
const readReport = async () => (await readWholeReport()).checks;

async function readMetric(): Promise<ReadonlyMap<string, number>> {
  const response = await fetch(`${system.baseUrl}/metrics`, { headers: { authorization: `Bearer ${metricsToken}` } });
  const samples = (await response.text()).matchAll(/^bulkhead_health_check\{check="([\w-]+)"\} (\d)$/gm);
  return new Map([...samples].map(([, check = '', value]) => [check, Number(value)]));
}

/** Runs `bulkhead doctor`. */
function doctor(args: readonly string[] = []) {
  return runBulkhead([...args, 'doctor', '--no-connections'], { url: system.baseUrl, key: system.apiKey });
}

/** The alerts of the overview, or undefined without a browser. */
async function readOverview(): Promise<readonly string[] | undefined> {
  if (!page) return undefined;
  await page.goto(system.baseUrl);
  await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
  await page.getByRole('alert').first().waitFor();
  return page.getByRole('alert').allInnerTexts();
}

async function readViews(): Promise<Views> {
  const [{ checks: report, problems }, { stdout }, overview] = [
    await readWholeReport(),
    await doctor(['--json']),
    await readOverview(),
  ];
  const ofDoctor: readonly Check[] = JSON.parse(stdout).checks;
  // The metric is kept for some seconds.
  const metric = await waitFor(
    async () => {
      const samples = await readMetric();
      const isCurrent = report.every(({ id, severity }) => samples.get(id) === severities.indexOf(severity));
      return isCurrent ? samples : undefined;
    },
    { timeoutMs: 15_000, intervalMs: 500, what: 'the metric' },
  );
  return new Map(
    report.map(({ id, severity }) => {
      const problem = problems.find(({ checks }) => checks.includes(id));
      const isShown = problem && overview?.some((text) => text.startsWith(`${problem.title} (${problem.severity})`));
      return [
        id,
        {
          report: severity,
          metric: severities[metric.get(id) ?? -1] ?? 'none',
          doctor: ofDoctor.find((check) => check.id === id)?.severity ?? 'none',
          // A check that is ok is in no problem. Without a browser nothing is compared.
          overview: !problem ? 'ok' : isShown || !overview ? severity : 'none',
        },
      ];
    }),
  );
}
const severities = ['ok', 'warning', 'critical'];
const everywhere = (severity: unknown) => ({
  report: severity,
  metric: severity,
  doctor: severity,
  overview: severity,
});

describe('the health of a deployment', () => {
  test('a deployment without a problem is green in the report, the metric, doctor and the overview', async () => {
    await send(system, `/api/ehr/connections/${system.connectionId}/test`, {});
    // The first sweep and the first reports of the workers take some seconds.
    await waitFor(async () => (await readReport()).every(({ severity }) => severity === 'ok'), {
      timeoutMs: 30_000,
      intervalMs: 500,
      what: 'a green report',
    });
    const views = await readViews();
    expect([...views]).toEqual([...views.keys()].map((id) => [id, everywhere('ok')]));
    if (page) expect(await readOverview()).toEqual([expect.stringContaining('All checks are well')]);
    const { code, stdout } = await doctor();
    expect({ code, lines: stdout.trim().split('\n') }).toEqual({
      code: 0,
      lines: [
        expect.stringMatching(/^ok {8}Redis, MongoDB, Workers, /),
        expect.stringMatching(/^0 critical problems, 0 warnings, (\d+) of \1 checks ok\.$/),
      ],
    });
  });

  describe('in which everything goes wrong', () => {
    let views: Views;
    beforeAll(async () => {
      await disruptAll(system);
      const expected = disruptions.map(({ check }) => check);
      const haveNoticed = async () => {
        const ok = (await readReport()).filter(({ severity }) => severity === 'ok').map(({ id }) => id);
        return !expected.some((check) => ok.includes(check));
      };
      // A check that notices nothing fails its own test below.
      await waitFor(haveNoticed, { timeoutMs: 40_000, intervalMs: 500 }).catch(() => undefined);
      views = await readViews();
    }, 180_000);

    test.each(disruptions)('if $what, the check $check is red or yellow in every view', ({ check }) => {
      const shown = views.get(check);
      expect(['warning', 'critical']).toContain(shown?.report);
      expect(shown).toEqual(everywhere(shown?.report));
    });

    test('the report names the paused request budget and the delayed export', async () => {
      const { subjects } = (await readReport()).find(({ id }) => id === 'pauses') ?? { subjects: [] };
      expect(subjects.map(({ kind }) => kind)).toEqual(['budget', 'export']);
    });

    test('the checks of what still works stay green', () => {
      const broken = new Set(disruptions.map(({ check }) => check));
      const others = [...views].filter(([id]) => !broken.has(id));
      expect(others).toEqual(['redis', 'mongodb', 'network', 'encryption-key'].map((id) => [id, everywhere('ok')]));
    });

    test('doctor exits with 1, and names each record with its reason and what to do', async () => {
      const { code, stdout } = await doctor();
      expect(code).toBe(1);
      expect(stdout).toMatch(/^critical {2}conn_\w+: .+: 1 export failed\. Since .+\.$/m);
      expect(stdout).toMatch(/^ +- export job_\w+ of (conn_\w+) "\1": failed: .+$/m);
      expect(stdout).toMatch(/^ +What to do: Open it, fix the cause/m);
      expect(stdout).toMatch(/^ok {8}Redis, /m);
      expect(stdout).toMatch(/^\d+ critical problems, \d+ warnings, \d+ of \d+ checks ok\.$/m);
    });

    test('the overview shows the worst check first, and links to the place of a problem', async () => {
      if (!page) return;
      const shown = (await readOverview())?.map((text) => /\((\w+)\)/.exec(text)?.[1] ?? '');
      expect(shown).toEqual(shown?.toSorted((left, right) => severities.indexOf(right) - severities.indexOf(left)));
      await page
        .getByRole('link', { name: /^export job_/ })
        .first()
        .click();
      await page.getByRole('heading', { level: 1, name: 'Bulk export' }).waitFor();
      expect(new URL(page.url()).pathname).toMatch(/^\/exports\/job_/);
    });
  });

  test('without Redis, the report, the metric, doctor and the overview say that Redis does not answer', async () => {
    await system.redis.kill();
    try {
      expect((await readReport()).find(({ id }) => id === 'redis')).toMatchObject({ severity: 'critical' });
      await waitFor(async () => (await readMetric()).get('redis') === 2, { timeoutMs: 15_000, intervalMs: 500 });
      const { code, stdout } = await doctor();
      expect([code, stdout]).toEqual([
        1,
        expect.stringMatching(
          /^critical {2}Redis: Redis does not respond \(ECONNREFUSED\)\. \d+ checks cannot be made until it responds\. Since .+\.$/m,
        ),
      ]);
      if (page) expect((await readOverview())?.[0]).toMatch(/^Redis \(critical\)/);
    } finally {
      await system.redis.restart();
    }
  });

  test('without MongoDB, the metric says so, and doctor and the console name MongoDB and what to do', async () => {
    await system.mongodb.kill();
    try {
      await waitFor(async () => (await readMetric()).get('mongodb') === 2, { timeoutMs: 20_000, intervalMs: 500 });
      expect(await doctor()).toMatchObject({
        code: 5,
        stderr: expect.stringMatching(/^MongoDB does not respond to the API\. .*MONGODB_URI/),
      });
      await page?.goto(system.baseUrl);
      await page?.getByRole('alert').getByText('MongoDB does not respond').waitFor();
      if (page) expect(await page.getByText('All checks are well').count()).toBe(0);
    } finally {
      await system.mongodb.restart();
    }
    await page?.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
  });
});
