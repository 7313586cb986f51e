import Table from 'cli-table3';
import { toTerminalJson, toTerminalText } from './terminal-text.ts';

export interface Output {
  /** Whether `--json` is set. Then one JSON value is printed and nothing else. */
  readonly json: boolean;
  /** Whether a person reads the output. Bars and hints are only shown to people. */
  readonly isWatched: boolean;
  /** Prints the result. */
  print(value: unknown, asText: (value: never) => string): void;
  /** Prints a hint for a person. It is omitted if a program reads the output. */
  printProgress(text: string): void;
}

export interface Streams {
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
}

export function createOutput({ json, stdout, stderr }: Streams & { readonly json: boolean }): Output {
  const isWatched = !json && stdout.isTTY === true;
  return {
    json,
    isWatched,
    print(value, asText) {
      const text = json ? toTerminalJson(value) : toTerminalText(asText(value as never));
      if (text !== '') stdout.write(`${text}\n`);
    },
    printProgress(text) {
      if (isWatched) stderr.write(`${toTerminalText(text)}\n`);
    },
  };
}

type Cell = string | number | boolean | undefined;

/** Formats rows as a table without lines, which is easy to read and to process with `cut`. */
export function toTable<Row>(rows: readonly Row[], columns: Readonly<Record<string, (row: Row) => Cell>>): string {
  if (rows.length === 0) return '';
  const none = {
    top: '',
    'top-mid': '',
    'top-left': '',
    'top-right': '',
    bottom: '',
    'bottom-mid': '',
    'bottom-left': '',
  };
  const lines = {
    'bottom-right': '',
    left: '',
    'left-mid': '',
    mid: '',
    'mid-mid': '',
    right: '',
    'right-mid': '',
    middle: '  ',
  };
  const table = new Table({
    head: Object.keys(columns),
    chars: { ...none, ...lines },
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [], compact: true },
  });
  table.push(...rows.map((row) => Object.values(columns).map((cell) => String(cell(row) ?? '-'))));
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}

/** Formats a record with one field per line. */
export function toFields(value: Readonly<Record<string, unknown>>): string {
  const names = Object.keys(value);
  const width = Math.max(...names.map((name) => name.length), 0);
  const show = (field: unknown) =>
    typeof field === 'object' && field !== null ? JSON.stringify(field) : String(field);
  return names.map((name) => `${name.padEnd(width)}  ${show(value[name])}`).join('\n');
}
