import { type MantineBreakpoint, Table } from '@mantine/core';
import type { ReactNode } from 'react';

export interface Column<Row> {
  readonly header: string;
  readonly cell: (row: Row) => ReactNode;
  /** Numbers are aligned to the right. */
  readonly isFigure?: boolean;
  /** Hidden on small screens. */
  readonly from?: MantineBreakpoint;
}

interface RecordTableProps<Row> {
  /** The name for screen readers. */
  readonly caption: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly keyOf: (row: Row) => string;
  /** Shown instead of an empty table. */
  readonly empty?: ReactNode;
}

export function RecordTable<Row>({ caption, columns, rows, keyOf, empty }: RecordTableProps<Row>) {
  if (rows.length === 0 && empty !== undefined) return empty;
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
            <Table.Tr key={keyOf(row)}>
              {columns.map(({ header, cell, isFigure, from }) => (
                <Table.Td key={header} ta={isFigure ? 'right' : 'left'} visibleFrom={from}>
                  {cell(row)}
                </Table.Td>
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}
