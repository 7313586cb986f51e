import { type MantineBreakpoint, Table } from '@mantine/core';
import type { ReactNode } from 'react';

export interface Column<Row> {
  readonly header: string;
  readonly cell: (row: Row) => ReactNode;
  /** Figures stand to the right. */
  readonly isFigure?: boolean;
  /** Left out on smaller screens. */
  readonly from?: MantineBreakpoint;
}

interface RecordTableProps<Row> {
  /** For those who do not see it. */
  readonly caption: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly keyOf: (row: Row) => string;
  /** Shown instead of a table without rows. */
  readonly empty?: ReactNode;
}

export function RecordTable<Row>({ caption, columns, rows, keyOf, empty }: RecordTableProps<Row>) {
  if (rows.length === 0 && empty !== undefined) return empty;
  return (
    // What is scrolled must be reachable by keyboard.
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
