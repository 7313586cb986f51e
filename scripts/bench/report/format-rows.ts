import { type BenchRow, describeGoal, isMet } from '../bench.ts';

const headings = ['bench', 'value', 'floor', 'ratio', 'unit', 'goal', 'met', 'spread'] as const;

/** Formats the table in Markdown. */
export function formatRows(rows: readonly BenchRow[]): string {
  const cells = [headings, ...rows.map(toCells)];
  const widths = headings.map((_, column) => Math.max(...cells.map((row) => (row[column] ?? '').length)));
  const lines = cells.map((row) => `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`);
  const rule = `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`;
  return [lines[0], rule, ...lines.slice(1)].join('\n');
}

function toCells(row: BenchRow): string[] {
  const { name, value, floor, ratio, unit, goal, runs } = row;
  const goalText = describeGoal(goal);
  const met = goalText === '' ? '' : isMet(row) ? 'yes' : 'no';
  return [name, show(value), show(floor), show(ratio), unit, goalText, met, spread(runs.map((run) => run.value))];
}

function show(value: number | undefined): string {
  if (value === undefined) return '';
  return value.toLocaleString('en-US', { maximumFractionDigits: Math.abs(value) >= 100 ? 0 : 2 });
}

/** Formats the lowest and the highest run. */
function spread(values: readonly number[]): string {
  return values.length < 2 ? '' : `${show(Math.min(...values))} … ${show(Math.max(...values))}`;
}
