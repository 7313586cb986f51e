import { Select, type SelectProps } from '@mantine/core';

/** Filters a list of runs by their status. */
export function StatusSelect({ statuses, ...props }: SelectProps & { readonly statuses: readonly string[] }) {
  const data = statuses.map((value) => ({ value, label: value.replace('_', ' ').toLowerCase() }));
  return <Select label="Status" placeholder="Any" clearable {...props} data={data} />;
}
