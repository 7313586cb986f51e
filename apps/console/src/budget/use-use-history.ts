import { useEffect, useEffectEvent, useState } from 'react';

export interface UseSample {
  readonly secondsAgo: number;
  /** null: nobody has looked yet. */
  readonly used: number | null;
}

/** Long enough to see a pause come and go. */
export const shownSeconds = 120;

const unseen: readonly null[] = Array.from({ length: shownSeconds }, () => null);

/** How much was used at each of the last seconds since the page is looked at, the oldest first. */
export function useUseHistory(used: number): readonly UseSample[] {
  const [values, setValues] = useState<readonly (number | null)[]>(unseen);
  const sample = useEffectEvent(() => setValues((before) => [...before.slice(1), used]));
  useEffect(() => {
    const timer = window.setInterval(() => sample(), 1000);
    return () => window.clearInterval(timer);
  }, []);
  return values.map((value, index) => ({ secondsAgo: values.length - 1 - index, used: value }));
}
