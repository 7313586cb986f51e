import { randomBytes } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildApp as buildApi, readApiConfig } from '@bulkhead/api';
import { createLogger, createMetrics } from '@bulkhead/base';
import { testServices } from '@bulkhead/testing';
import { describe, expect, test } from '@jest/globals';
import { buildApp as buildWorker } from '../../src/app.ts';
import { readWorkerConfig } from '../../src/env.ts';

const root = join(import.meta.dirname, '..', '..', '..', '..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const rules = read('docker/prometheus/rules.yml');

/** Every expression of the rules and dashboards, with its file. */
const expressions = [
  ...[...rules.matchAll(/^ +expr: (['"]?)(.*)\1$/gm)].map(([, , text = '']) => ({ file: 'rules.yml', text })),
  ...globSync('docker/grafana/dashboards/*.json', { cwd: root }).flatMap((file) =>
    [...read(file).matchAll(/"expr": (".*")/g)].map(([, text = '']) => ({ file, text: String(JSON.parse(text)) })),
  ),
];

const { api, worker } = await describedMetrics();

/** Starts an API and a worker and reads their metrics, and the page for Prometheus of a process that has just started. */
async function describedMetrics() {
  const { redisUrl, mongodbUri, prefix } = testServices();
  const env = {
    REDIS_URL: redisUrl,
    MONGODB_URI: mongodbUri,
    BULKHEAD_PREFIX: prefix,
    BULKHEAD_ENCRYPTION_KEY: randomBytes(32).toString('base64'),
    PORT: '0',
    HOST: '127.0.0.1',
  };
  const logger = createLogger({ name: 'test', level: 'silent' });
  const [api, worker] = [createMetrics({ ofProcess: true }), createMetrics({ ofProcess: true })];
  const apps = [
    buildApi({ config: await readApiConfig(env), logger, metrics: api }),
    buildWorker({ config: await readWorkerConfig(env), logger, metrics: worker }),
  ];
  const readMetrics = async (metrics: typeof api) => ({ described: metrics.described(), page: await metrics.page() });
  for (const app of apps) await app.start();
  const metrics = { api: await readMetrics(api), worker: await readMetrics(worker) };
  for (const app of apps) await app.stop();
  return metrics;
}

/** The names of a histogram's series have a suffix. */
const baseName = (name: string) => name.replace(/_(?:bucket|sum|count)$/, '');
const all = () => new Map([...api.described, ...worker.described].map((metric) => [metric.name, metric]));

describe('docs/metrics.md', () => {
  const rows = [...read('docs/metrics.md').matchAll(/^\| `(bulkhead_\w+)` \| (\w+) \| (.*?) \| (.*) \|$/gm)];

  test('docs/metrics.md lists every metric of each process as the process describes it, and no other', () => {
    const documented = rows.map(([, name, type, labels = '', help]) => {
      return { name, type, labels: [...labels.matchAll(/`(\w+)`/g)].map(([, label]) => label), help };
    });
    const byName = (left: { name?: string | undefined }, right: { name?: string | undefined }) =>
      String(left.name).localeCompare(String(right.name));
    expect(documented.toSorted(byName)).toEqual([...all().values()].toSorted(byName));
  });

  test('every process exposes the metrics of the process itself', () => {
    for (const { page } of [api, worker]) {
      expect(page).toContain('# TYPE process_resident_memory_bytes gauge');
      expect(page).toContain('# TYPE bulkhead_ready gauge');
    }
  });
});

test('every alert rule and dashboard is read by this test', () => {
  expect(expressions.filter(({ file }) => file === 'rules.yml')).toHaveLength([...rules.matchAll(/alert:/g)].length);
  expect(new Set(expressions.map(({ file }) => file)).size).toBe(3);
});

test('the rules and dashboards name only metrics that a process exposes', () => {
  const shownMetrics = new Set([...`${api.page}${worker.page}`.matchAll(/^# TYPE (\w+)/gm)].map(([, name]) => name));
  const missing = expressions.flatMap(({ file, text }) =>
    [...text.matchAll(/\b(?:bulkhead|process|nodejs)_\w+/g)]
      .map(([name]) => name)
      .filter((name) => !shownMetrics.has(name) && !shownMetrics.has(baseName(name)))
      .map((name) => `${file}: ${name}`),
  );
  expect(missing).toEqual([]);
});

test('the rules and dashboards use only labels that the metric has', () => {
  // Prometheus itself adds these labels.
  const ownLabels = ['job', 'instance', 'le'];
  const selectors = expressions.flatMap(({ text }) =>
    [...text.matchAll(/(bulkhead_\w+)\{([^}]*)\}/g)].map(([, name = '', labels = '']) => ({ name, labels })),
  );
  expect(selectors.length).toBeGreaterThan(10);
  for (const { name, labels } of selectors) {
    const knownLabels = [...ownLabels, ...(all().get(baseName(name))?.labels ?? [])];
    const names = [...labels.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g)].map(([, label = '']) => label);
    expect([name, names.filter((label) => !knownLabels.includes(label))]).toEqual([name, []]);
  }
});

describe('an alert', () => {
  const alerts = rules
    .split(/^ +- alert: /m)
    .slice(1)
    .map((text) => ({ name: text.split('\n')[0] ?? '', text }));

  test('every alert says what it means and names its entry in the runbook', () => {
    expect(alerts.length).toBeGreaterThan(10);
    for (const { name, text } of alerts) {
      const entry = `runbook: docs/runbook.md#${name.toLowerCase()}`;
      const parts = [/severity: (critical|warning)/, /summary: .+/, /description: .+/, new RegExp(`${entry}$`, 'm')];
      expect([name, parts.filter((part) => !part.test(text))]).toEqual([name, []]);
    }
  });

  test('every alert has an entry in the runbook with its meaning, where to look and what to do, and there are no other entries', () => {
    const [, ...entries] = read('docs/runbook.md').split(/^## /m);
    const names = entries.map((entry) => entry.split('\n')[0]);
    expect(names.toSorted()).toEqual(alerts.map(({ name }) => name).toSorted());
    for (const entry of entries) expect(entry).toMatch(/\*\*Means\*\*[\s\S]+\*\*Look\*\*[\s\S]+\*\*Do\*\*/);
  });

  test('every alert rule has a test', () => {
    const tested = [...read('docker/prometheus/rules.test.yml').matchAll(/alertname="(\w+)"/g)].map(([, name]) => name);
    expect(tested.toSorted()).toEqual(alerts.map(({ name }) => name).toSorted());
  });
});
