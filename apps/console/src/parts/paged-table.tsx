import { Button, Text } from '@mantine/core';
import { useEffect, useState } from 'react';
import { readOnce, refreshMs } from '../api/api.ts';
import { QueryResult } from './page.tsx';
import { RecordTable, type RecordTableProps } from './record-table.tsx';
import { shownText } from './shown-text.ts';

/** A page that a browser draws at once. */
export const pageSize = 100;

interface ListPage<Row> {
  readonly data: readonly Row[];
  /** The number of all matches, in the first page, if the API can count them. */
  readonly total?: number;
}

interface PagedQuery<Row> {
  readonly data: { readonly pages: readonly ListPage<Row>[] } | undefined;
  readonly error: unknown;
  readonly hasNextPage: boolean;
  readonly isFetching: boolean;
  readonly isFetchingNextPage: boolean;
  readonly fetchNextPage: (options: { readonly cancelRefetch: boolean }) => unknown;
}

/**
 * The options of a query that reads a list along its cursors, for a `PagedTable`. When the list is read again, all pages that were
 * loaded are. A list with more pages is read less often, so that it costs the same.
 */
export const pages = {
  // The query would send 0 for undefined. It leaves out null.
  initialPageParam: null,
  getNextPageParam: ({ next }: { readonly next?: string }) => next,
  refetchInterval: ({ state }: { readonly state: { readonly data?: { readonly pages: readonly unknown[] } } }) =>
    refreshMs * Math.max(state.data?.pages.length ?? 0, 1),
};

/** For a list of which each read is an event of the audit log. */
export const pagesReadOnce = { ...pages, ...readOnce };

interface PagedTableProps<Row> extends Omit<RecordTableProps<Row>, 'rows'> {
  readonly query: PagedQuery<Row>;
  /** The order of the rows, such as `newest first`. */
  readonly order?: string;
}

interface JoinedTableProps<Row, Shown>
  extends Omit<RecordTableProps<Shown>, 'rows'>,
    Pick<PagedTableProps<Row>, 'query' | 'order'> {
  /** Joins entries of the list to rows. */
  readonly join: (entries: readonly Row[]) => readonly Shown[];
}

/** The table of a list that has pages. It says how much of the list it shows, and reads on at the user's request. */
export function PagedTable<Row>(props: PagedTableProps<Row>) {
  return <JoinedTable {...props} join={asRows} />;
}

function asRows<Row>(entries: readonly Row[]): readonly Row[] {
  return entries;
}

/** A `PagedTable` whose rows are joined from several entries. It counts the entries. */
export function JoinedTable<Row, Shown>({ query, order, join, ...table }: JoinedTableProps<Row, Shown>) {
  return (
    <QueryResult query={query}>
      {(list) => {
        const rows = list.pages.flatMap(({ data }) => data);
        return (
          <>
            {rows.length > 0 && (
              <Text size="sm" c="dimmed" aria-live="polite">
                {shownText({ shown: rows.length, total: list.pages[0]?.total, hasMore: query.hasNextPage, order })}
              </Text>
            )}
            <RecordTable {...table} rows={join(rows)} />
            <LoadMore query={query} caption={table.caption} />
          </>
        );
      }}
    </QueryResult>
  );
}

/**
 * Loads the next page. If the list is being read again, the page is loaded after that. If that read cancels the load, it is repeated.
 */
function LoadMore<Row>({ query, caption }: { readonly query: PagedQuery<Row>; readonly caption: string }) {
  const { data, error, hasNextPage, isFetching, isFetchingNextPage, fetchNextPage } = query;
  const loaded = data?.pages.length ?? 0;
  const [wanted, setWanted] = useState(0);
  const isWanted = hasNextPage && wanted > loaded && !error;
  useEffect(() => {
    if (!isWanted) setWanted(0);
    else if (!isFetching) fetchNextPage({ cancelRefetch: false });
  }, [isWanted, isFetching, fetchNextPage]);
  const load = () => {
    setWanted(loaded + 1);
    // The effect does not repeat a load that has failed.
    fetchNextPage({ cancelRefetch: false });
  };
  if (!hasNextPage) return null;
  return (
    <Button
      variant="default"
      style={{ alignSelf: 'start' }}
      loading={isWanted || isFetchingNextPage}
      onClick={load}
      // A page can have several lists.
      aria-label={`Load more: ${caption}`}
    >
      Load more
    </Button>
  );
}
