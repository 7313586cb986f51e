import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { severities } from './health-check.ts';

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly targets?: readonly { readonly expr: string }[];
  readonly fieldConfig?: {
    readonly defaults: {
      readonly mappings?: readonly { readonly options: Readonly<Record<string, { text: string; color: string }>> }[];
    };
  };
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
}

const file = join(import.meta.dirname, '../../../../docker/grafana/dashboards/overview.json');
const { panels }: { readonly panels: readonly Panel[] } = JSON.parse(readFileSync(file, 'utf8'));

test('the overview dashboard shows each health check over time, with a name and a colour for each severity', () => {
  const shown = panels.filter(({ targets = [] }) => targets.some(({ expr }) => expr.includes('bulkhead_health_check')));
  expect(shown).toEqual([expect.objectContaining({ type: 'state-timeline', title: 'Health checks' })]);
  expect(shown[0]?.targets?.map(({ expr }) => expr)).toEqual(['max by (check) (bulkhead_health_check)']);
  // The metric has the position of a severity in this list.
  const [mapping] = shown[0]?.fieldConfig?.defaults.mappings ?? [];
  expect(Object.entries(mapping?.options ?? {}).map(([value, { text }]) => [Number(value), text])).toEqual([
    ...severities.entries(),
  ]);
  expect(Object.values(mapping?.options ?? {}).map(({ color }) => color)).toEqual(['green', 'yellow', 'red']);
});

test('the panels of the overview dashboard have their own ids and do not overlap', () => {
  expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
    Array.from({ length: w * h }, (_, index) => `${x + (index % w)}:${y + Math.floor(index / w)}`),
  );
  expect(new Set(cells).size).toBe(cells.length);
});
