import { answerOf } from '@bulkhead/client';
import Table from 'cli-table3';
import { toShown } from './for-people.ts';
import { toCommands } from './routes.ts';
import { toTerminalJson, toTerminalText } from './terminal-text.ts';

export type Output = ReturnType<typeof createOutput>;

interface ListView<Row> {
  /** The columns, or a function that writes the lines of an entry. */
  readonly columns: Columns<Row> | ((row: Row) => string);
  readonly empty: string;
}

/** A response of the API that was not read yet, or its content with `parseAs: 'stream'`. */
export interface Answer<Body> {
  readonly data?: Body;
  readonly error?: unknown;
  readonly response: Response;
}

interface Page<Row> {
  readonly data: readonly Row[];
  /** The page that follows, which `--cursor` continues with. */
  readonly next?: string | undefined;
}

export interface Streams {
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
}

/** People cannot read faster. */
const progressMs = 200;

/**
 * @param options.json whether `--json` is set. Then one JSON value is printed and nothing else
 * @param options.quiet whether `--quiet` is set. Then only ids are printed, if the result has any
 */
export function createOutput({
  json,
  quiet,
  stdout,
  stderr,
}: Streams & { readonly json: boolean; readonly quiet: boolean }) {
  /** Whether a person reads the output. Bars and hints are only shown to people. */
  const isWatched = !json && !quiet && stdout.isTTY === true;
  /** Prints the result. */
  const print = (value: unknown, asText: () => string): void => {
    const text = json
      ? toTerminalJson(value)
      : toTerminalText((quiet ? toIds(value) : undefined) ?? toCommands(asText()));
    if (text !== '') stdout.write(`${text}\n`);
  };
  /** Prints a table. If it is empty, the standard error says so and how to create the first entry. */
  const printRows = <Row>(rows: readonly Row[], { columns, empty }: ListView<Row>): void => {
    print(rows, () => (typeof columns === 'function' ? rows.map(columns).join('\n') : toTable(rows, columns)));
    if (rows.length === 0 && !json && !quiet) stderr.write(`${toTerminalText(empty)}\n`);
  };
  /** Prints a hint for a person. It is omitted if a program reads the output. */
  const printProgress = (text: string): void => {
    if (isWatched) stderr.write(`${toTerminalText(text)}\n`);
  };
  /** Prints what is probably not meant so, also for a program, whose standard output has only the result. */
  const printWarning = (text: string): void => {
    stderr.write(`${json ? toTerminalJson({ warning: text }) : toTerminalText(`Warning: ${text}`)}\n`);
  };
  /** Prints how to see the page that follows, also for a program, which must not take the first page for the whole list. */
  const printNext = (cursor: string, option = '--cursor '): void => {
    const text = `There are more. To see the next ones, add ${option}${cursor}`;
    stderr.write(`${json ? toTerminalJson({ next: cursor }) : toTerminalText(text)}\n`);
  };
  /** Counts bytes in a line that is written again and again. Only a person sees it. */
  const countBytes = (name: string) => {
    if (!isWatched) return undefined;
    let bytes = 0;
    let shownAt = 0;
    const show = () => stderr.write(`\r\u001b[K${toTerminalText(name)} ${(bytes / 1e6).toFixed(1)} MB`);
    return {
      add: (more: number) => {
        bytes += more;
        const now = performance.now();
        if (now - shownAt < progressMs) return;
        shownAt = now;
        show();
      },
      end: () => {
        show();
        stderr.write('\n');
      },
    };
  };
  return {
    json,
    isWatched,
    countBytes,
    print,
    printRows,
    printProgress,
    printWarning,
    printNext,
    /** Prints the record that the API returned: one of its fields, or a text. @throws ApiError if it returned an error */
    printAnswer<Data>(answer: Answer<{ readonly data: Data }>, shown: Shown<Data, string>): void {
      const { data } = answerOf(answer);
      print(data, () => show(data, shown));
    },
    /** Prints the page of a list that the API returned, and how to see the next one. @throws ApiError if it returned an error */
    printList<Row>(answer: Answer<Page<Row>>, view: ListView<Row>): void {
      const { data, next } = answerOf(answer);
      printRows(data, view);
      if (next !== undefined) printNext(next);
    },
  };
}

/** The ids of a record or of a list, one a line. @returns undefined if something has no id */
function toIds(value: unknown): string | undefined {
  const ids = [value].flat().map((record) => {
    const { id, name } = (record ?? {}) as { readonly id?: unknown; readonly name?: unknown };
    // The views of a list have a name only.
    return id ?? (Array.isArray(value) ? name : undefined);
  });
  return ids.every((id) => typeof id === 'string') ? ids.join('\n') : undefined;
}

type Cell = string | number | boolean | undefined;
/** The name of a field with such a value, or a function that returns one. */
type Shown<Row, Value> =
  | { readonly [Name in keyof Row]-?: Row[Name] extends Value ? Name : never }[keyof Row]
  | ((row: Row) => Value);
export type Columns<Row> = Readonly<Record<string, Shown<Row, Cell>>>;

function show<Row, Value>(row: Row, shown: Shown<Row, Value>): Value {
  return typeof shown === 'function' ? shown(row) : (row[shown as keyof Row] as Value);
}

/** The parts of the lines around cells. `middle`, between the cells of a row, is not one of them. */
const lineParts = [
  ...['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right'],
  ...['left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid'],
];

/**
 * Formats rows as a table without lines, which is easy to read and to process with `cut`.
 * @param widths of the columns, in characters, for texts that are wrapped. Two spaces are between columns
 */
export function toTable<Row>(rows: readonly Row[], columns: Columns<Row>, widths?: readonly number[]): string {
  if (rows.length === 0) return '';
  const table = new Table({
    head: Object.keys(columns),
    chars: { ...Object.fromEntries(lineParts.map((part) => [part, ''])), middle: '  ' },
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [], compact: true },
    ...(widths ? { colWidths: [...widths], wordWrap: true } : {}),
  });
  table.push(...rows.map((row) => Object.entries(columns).map(([name, column]) => toCell(show(row, column), name))));
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}

function toCell(cell: Cell, name: string): string {
  return cell === undefined || cell === '' ? '-' : shorten(toShown(cell, name));
}

/** Formats a record with one field per line. Fields without a value are omitted. */
export function toFields(value: Readonly<Record<string, unknown>>): string {
  const names = Object.keys(value).filter((name) => value[name] !== undefined);
  const width = Math.max(...names.map((name) => name.length), 0);
  return names.map((name) => `${name.padEnd(width)}  ${shorten(toShown(value[name], name))}`).join('\n');
}

export interface Summary {
  /** What it is, and its state: `job_1  COMPLETED`. */
  readonly headline: string;
  readonly fields: Readonly<Record<string, unknown>>;
  /** Short lists by their titles. Empty lists are omitted. */
  readonly lists?: Readonly<Record<string, string | readonly string[]>>;
  /** The commands that a person may want next. */
  readonly next?: readonly string[];
}

/** Formats a record for a person: the state first, then the key figures, then short lists. `--json` prints all of it. */
export function toSummary({ headline, fields, lists = {}, next = [] }: Summary): string {
  const all: NonNullable<Summary['lists']> = { ...lists, Next: next.map((line) => `bulkhead ${line}`) };
  const sections = Object.entries(all).flatMap(([title, items]) => {
    const lines = typeof items === 'string' ? items.split('\n') : items.map(shorten);
    return lines.some((line) => line !== '') ? [[title, ...lines.map((line) => `  ${line}`)].join('\n')] : [];
  });
  return [headline, toFields(fields), ...sections].filter((part) => part !== '').join('\n\n');
}

const maxTextLength = 300;

/**
 * Shortens a text that would fill the terminal, and leaves out the query of a link: it may be a signature of several kilobytes, which
 * opens a file without a token.
 */
function shorten(text: string): string {
  const shown = text.replaceAll(/\bhttps?:[^\s"]+/g, (link) => link.replace(/\?.+/, '?…'));
  return shown.length <= maxTextLength ? shown : `${shown.slice(0, maxTextLength)}… (--json shows all of it)`;
}
