import type { Simulator } from '../simulator.ts';
import type { BulkExport, ExportFile } from './bulk-export.ts';
import { filesNeedToken } from './files-need-token.ts';

export interface ManifestFile {
  readonly type: string;
  readonly url: string;
  readonly count?: number;
}

export interface Manifest {
  readonly transactionTime: string;
  readonly request: string;
  readonly requiresAccessToken: boolean;
  readonly output: readonly ManifestFile[];
  readonly deleted: readonly ManifestFile[];
  readonly error: readonly ManifestFile[];
}

/** The answer to a status request of an export that is over. Each reading has fresh links. */
export function buildManifest({
  simulator,
  bulkExport,
}: {
  readonly simulator: Simulator;
  readonly bulkExport: BulkExport;
}): Manifest {
  const { links, options } = simulator;
  const entry = ({ type, name, count }: ExportFile) => {
    return { type, url: links.url({ base: simulator.fileEndpoint(), bulkExport, fileName: name }), count };
  };
  const ofKind = (kind: ExportFile['kind']) => bulkExport.files.filter((file) => file.kind === kind).map(entry);
  return {
    transactionTime: new Date(bulkExport.transactionTimeMs).toISOString(),
    request: bulkExport.request,
    requiresAccessToken: filesNeedToken(options),
    output: ofKind('output'),
    deleted: ofKind('deleted'),
    error: [],
  };
}
