export { createExportContexts } from './download/export-contexts.ts';
export { ingestFile } from './download/ingest-file.ts';
export { isLinkRefused, refreshLink } from './download/refresh-link.ts';
export { replayFileLine } from './download/replay-file-line.ts';
export type { BulkExportDeps, ExportRepository } from './export-deps.ts';
export { endedExports } from './finish/ended-exports.ts';
export { windowEnd } from './kick-off/kick-off-turn.ts';
export { acceptManifest } from './poll/accept-manifest.ts';
export { exportWork } from './recover/export-work.ts';
