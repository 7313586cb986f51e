import { useEffect, useEffectEvent, useState } from 'react';

export interface UseSample {
  readonly secondsAgo: number;
  readonly used: number;
}

/** Long enough to see a pause come and go. */
export const shownSeconds = 120;

/** How much was used at each second since the page is looked at, the oldest first. */
export function useUseHistory(used: number): readonly UseSample[] {
  const [values, setValues] = useState<readonly number[]>([]);
  const sample = useEffectEvent(() => setValues((before) => [...before.slice(1 - shownSeconds), used]));
  useEffect(() => {
    const timer = window.setInterval(() => sample(), 1000);
    return () => window.clearInterval(timer);
  }, []);
  return values.map((value, index) => ({ secondsAgo: values.length - 1 - index, used: value }));
}
