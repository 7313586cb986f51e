import { Text } from '@mantine/core';

const format = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });

/** A time in the browser's own zone, to the minute; to the pointer as the API has it. */
export function Moment({ at, none = '–' }: { readonly at: string | undefined; readonly none?: string }) {
  if (at === undefined) return none;
  return (
    <Text component="time" inherit dateTime={at} title={at} style={{ whiteSpace: 'nowrap' }}>
      {format.format(new Date(at))}
    </Text>
  );
}
