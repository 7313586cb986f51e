import { Text, Tooltip } from '@mantine/core';
import { useInterval } from '@mantine/hooks';
import { createContext, type ReactNode, useContext, useState } from 'react';
import { formatInstant, formatRelative } from './times.ts';

const tickMs = 15_000;
const NowContext = createContext(new Date());

/** Keeps the relative times of all pages current, with one timer. */
export function NowProvider({ children }: { readonly children: ReactNode }) {
  const [now, setNow] = useState(() => new Date());
  useInterval(() => setNow(new Date()), tickMs, { autoInvoke: true });
  return <NowContext value={now}>{children}</NowContext>;
}

/** The current time, which changes every 15 seconds. */
export function useNow(): Date {
  return useContext(NowContext);
}

interface TimestampProps {
  readonly at: string | undefined;
  readonly none?: string;
  /** Shows the date, the time and the zone. For logs, plans and limits, where a relative time says too little. */
  readonly isExact?: boolean;
  /** The zone of a schedule. Default: the zone of the browser. */
  readonly timeZone?: string;
}

/** A time, relative to now. Its tooltip shows the date, the time and the zone, in the browser's zone and in UTC. */
export function Timestamp({ at, none = '–', isExact = false, timeZone }: TimestampProps) {
  const now = useNow();
  if (at === undefined) return none;
  const exact = formatInstant(at, timeZone);
  const utc = formatInstant(at, 'UTC');
  const text = isExact ? exact : (formatRelative(at, now) ?? exact);
  const tip = [formatRelative(at, now), exact, utc].filter((line) => line !== undefined && line !== text);
  return (
    <Tooltip label={[...new Set(tip)].join(', ')} events={{ hover: true, focus: true, touch: true }}>
      <Text component="time" inherit dateTime={at} className="timestamp">
        {text}
      </Text>
    </Tooltip>
  );
}
