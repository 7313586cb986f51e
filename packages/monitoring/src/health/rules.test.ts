import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { healthChecks } from './checks.ts';

const folder = join(import.meta.dirname, '../../../../docker/prometheus');
const rules = readFileSync(join(folder, 'rules.yml'), 'utf8');
const alerts = [...rules.matchAll(/- alert: (\w+)\n +expr: '(.*)'/g)].map(([, name = '', expr = '']) => ({
  name,
  expr,
}));

/** These fire if a program, or the whole report, is missing. */
const withoutReport = ['BulkheadApiDown', 'BulkheadServeDown', 'BulkheadHealthUnknown'];
/** A setting does not need an operator at night. The report shows it. */
const withoutAlert = ['connection-tests', 'encryption-key', 'network'];

/** The checks of an expression that is true only while at least one of them is not ok. */
function checksOf(expr: string): readonly string[] {
  const one = /^max\(bulkhead_health_check\{check="([\w-]+)"\}\) (?:>= 1|== 1|== 2)$/.exec(expr);
  const several = /^max by \(check\) \(bulkhead_health_check\{check=~"([\w|-]+)"\}\) == 2$/.exec(expr);
  return (one?.[1] ?? several?.[1] ?? '').split('|').filter((name) => name !== '');
}

test('every alert fires only while a check is not ok, or while a program or the report is missing', () => {
  expect(alerts.length).toBe([...rules.matchAll(/- alert:/g)].length);
  const ofChecks = alerts.filter(({ name }) => !withoutReport.includes(name));
  for (const { name, expr } of ofChecks) {
    const checks = checksOf(expr);
    const unknown = checks.filter((id) => !Object.hasOwn(healthChecks, id));
    expect({ name, count: checks.length > 0, unknown }).toEqual({ name, count: true, unknown: [] });
  }
  expect(alerts.length - ofChecks.length).toBe(withoutReport.length);
});

test('every check has an alert, except for settings', () => {
  const alerted = new Set(alerts.flatMap(({ expr }) => checksOf(expr)));
  const silent = Object.keys(healthChecks).filter((id) => !alerted.has(id));
  expect(silent.toSorted()).toEqual(withoutAlert);
});
