import { downloadWork } from './download/download-file.job.ts';
import { discardWork } from './finish/discard-export.job.ts';
import { finalizeWork } from './finish/finalize-export.job.ts';
import { kickOffWork } from './kick-off/kick-off.job.ts';
import { pollWork } from './poll/poll-export.job.ts';
import { resumeWork } from './recover/resume-export.job.ts';

export { downloadWork } from './download/download-file.job.ts';
export { createExportContexts } from './download/export-contexts.ts';
export { ingestFile } from './download/ingest-file.ts';
export { isLinkRefused, refreshLink } from './download/refresh-link.ts';
export { replayFileLine } from './download/replay-file-line.ts';
export type { BulkExportDeps, ExportRepository } from './export-deps.ts';
export { endedExports } from './export-ended.event.ts';
export { discardWork } from './finish/discard-export.job.ts';
export { windowEnd } from './kick-off/kick-off-turn.ts';
export { acceptManifest } from './poll/accept-manifest.ts';
export { exportWork } from './recover/export-work.ts';

export const exportWorks = [kickOffWork, pollWork, downloadWork, finalizeWork, discardWork, resumeWork] as const;
