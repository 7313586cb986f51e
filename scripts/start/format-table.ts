/** Two columns with thousands separators and a sum. */
export function formatTable({
  title,
  rows,
}: {
  readonly title: string;
  readonly rows: Readonly<Record<string, number>>;
}): string {
  const sum = Object.values(rows).reduce((total, count) => total + count, 0);
  const lines = [...Object.entries(rows), ['total', sum] as const].map(
    ([name, count]) => `  ${name.padEnd(24)} ${count.toLocaleString('en-US').padStart(12)}`,
  );
  return [title, ...lines].join('\n');
}
