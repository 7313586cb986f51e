import { Code, Text } from '@mantine/core';
import type { Connection } from '../api/api.ts';
import { SectionTitle } from '../parts/page.tsx';
import { type Column, RecordTable } from '../parts/record-table.tsx';

type ScopeSearch = NonNullable<Connection['scopeSearch']>;

interface Row {
  readonly scope: string;
  readonly result: string;
}

const columns: readonly Column<Row>[] = [
  { header: 'Scope', cell: ({ scope }) => <Code>{scope}</Code> },
  { header: 'Result', cell: ({ result }) => result },
];

/** Which of the requested scopes the application has. The EHR refuses all of them together, and does not say which are missing. */
export function GrantedScopes({ search }: { readonly search: ScopeSearch }) {
  const { requested, granted, refused, endedAt } = search;
  const resultOf = (scope: string) =>
    granted.includes(scope) ? 'granted' : refused.includes(scope) ? 'refused' : 'not tried';
  const tried = granted.length + refused.length;
  return (
    <>
      <SectionTitle>Scopes of the application</SectionTitle>
      <Text size="sm">
        {endedAt === undefined
          ? `${tried} of ${requested.length} tried. The EHR limits new tokens, so this takes minutes.`
          : `The application has ${granted.length} of the ${requested.length} scopes that were requested.`}
      </Text>
      <RecordTable
        caption="Scopes of the application"
        columns={columns}
        rows={requested.map((scope) => ({ scope, result: resultOf(scope) }))}
        keyOf={({ scope }) => scope}
      />
    </>
  );
}
