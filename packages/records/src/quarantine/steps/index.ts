export type { ReplayDeps } from './replay.job.ts';

import { replayWork } from './replay.job.ts';

export { replayWork } from './replay.job.ts';

export const quarantineWorks = [replayWork] as const;
