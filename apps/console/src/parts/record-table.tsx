import { Box, type MantineBreakpoint, Paper, Stack, Table } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { replaceEqualDeep } from '@tanstack/react-query';
import { memo, type ReactNode } from 'react';
import { DetailList } from './detail-list.tsx';
import { QueryResult } from './page.tsx';

export interface Column<Row> {
  readonly header: string;
  readonly cell: (row: Row) => ReactNode;
  /** Numbers are aligned to the right. */
  readonly isFigure?: boolean;
  /** Hidden in a table on smaller screens. A card shows it. */
  readonly from?: MantineBreakpoint;
}

export interface RecordTableProps<Row> {
  /** The name for screen readers. */
  readonly caption: string;
  /** Other columns draw every row again, so they are a constant or memoized. */
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly keyOf: (row: Row) => string;
  /** Shown instead of an empty table. */
  readonly empty?: ReactNode;
}

/** A table, or cards with every column where the screen is too narrow for a table. */
export function RecordTable<Row>(props: RecordTableProps<Row>) {
  const { caption, columns, rows, keyOf, empty } = props;
  const isNarrow = useMediaQuery('(max-width: 48em)', undefined, { getInitialValueInEffect: false });
  if (rows.length === 0 && empty !== undefined) return empty;
  if (isNarrow) return <RecordCards {...props} />;
  return (
    // A scrollable area must be reachable by keyboard.
    <Table.ScrollContainer minWidth={320} scrollAreaProps={{ viewportProps: { tabIndex: 0 } }}>
      <Table striped highlightOnHover withTableBorder verticalSpacing="xs" aria-label={caption}>
        <Table.Thead>
          <Table.Tr>
            {columns.map(({ header, isFigure, from }) => (
              <Table.Th key={header} ta={isFigure ? 'right' : 'left'} visibleFrom={from}>
                {header}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map((row) => (
            <TableRow key={keyOf(row)} row={row} columns={columns as readonly Column<unknown>[]} />
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

interface RowProps {
  readonly row: unknown;
  readonly columns: readonly Column<unknown>[];
}

/** A list that is read again, or that an event has changed, has the same rows but for a few. Only those are drawn. */
function hasSameRow(before: RowProps, after: RowProps): boolean {
  return before.columns === after.columns && replaceEqualDeep(before.row, after.row) === before.row;
}

const TableRow = memo(function TableRow({ row, columns }: RowProps) {
  return (
    <Table.Tr>
      {columns.map(({ header, cell, isFigure, from }) => (
        <Table.Td key={header} ta={isFigure ? 'right' : 'left'} visibleFrom={from}>
          {cell(row)}
        </Table.Td>
      ))}
    </Table.Tr>
  );
}, hasSameRow);

/** The first column is the title of a card. */
const Card = memo(function Card({ row, columns }: RowProps) {
  const [first, ...others] = columns;
  return (
    <Paper component="li" withBorder p="sm" style={{ overflowWrap: 'anywhere' }}>
      <Box fw={600} mb={4}>
        {first?.cell(row)}
      </Box>
      <DetailList facts={Object.fromEntries(others.map(({ header, cell }) => [header, cell(row)]))} />
    </Paper>
  );
}, hasSameRow);

function RecordCards<Row>({ caption, columns, rows, keyOf }: RecordTableProps<Row>) {
  return (
    <Stack component="ul" className="cards" gap="xs" m={0} p={0} style={{ listStyle: 'none' }} aria-label={caption}>
      {rows.map((row) => (
        <Card key={keyOf(row)} row={row} columns={columns as readonly Column<unknown>[]} />
      ))}
    </Stack>
  );
}

interface QueryTableProps<Row> extends Omit<RecordTableProps<Row>, 'rows'> {
  readonly query: { readonly data: { readonly data: readonly Row[] } | undefined; readonly error: unknown };
}

/** The table of the records that a query reads. */
export function QueryTable<Row>({ query, ...table }: QueryTableProps<Row>) {
  return <QueryResult query={query}>{({ data }) => <RecordTable {...table} rows={data} />}</QueryResult>;
}
