import { useEffect, useState } from 'react';
import { addSample, type ProgressSample, progressRate } from './progress-rate.ts';

const noSamples: readonly ProgressSample[] = [];

/** By what was done since the page is looked at: whoever has just come has no rate yet. */
export function useProgressRate(options: {
  readonly bytes: number;
  readonly done: number;
  readonly total: number;
  readonly isRunning: boolean;
}): ReturnType<typeof progressRate> {
  const { bytes, done, total, isRunning } = options;
  const [samples, setSamples] = useState(noSamples);
  useEffect(() => {
    setSamples((before) => (isRunning ? addSample(before, { atMs: Date.now(), bytes, done }) : noSamples));
  }, [bytes, done, isRunning]);
  return progressRate({ samples, total });
}
