import type { FaultKind } from './define-fault.ts';
import { bomFault } from './kinds/bom.fault.ts';
import { controlCharactersFault } from './kinds/control-characters.fault.ts';
import { corruptLineFault } from './kinds/corrupt-line.fault.ts';
import { deletionsFault } from './kinds/deletions.fault.ts';
import { duplicateLinesFault } from './kinds/duplicate-lines.fault.ts';
import { editDocumentFault } from './kinds/edit-document.fault.ts';
import { editResourceFault } from './kinds/edit-resource.fault.ts';
import { errorFileFault } from './kinds/error-file.fault.ts';
import { expireLinksFault } from './kinds/expire-links.fault.ts';
import { expireTokensFault } from './kinds/expire-tokens.fault.ts';
import { exportFateFault } from './kinds/export-fate.fault.ts';
import { exportTypesFault } from './kinds/export-types.fault.ts';
import { framingFault } from './kinds/framing.fault.ts';
import { headersFault } from './kinds/headers.fault.ts';
import { ignoreRangeFault } from './kinds/ignore-range.fault.ts';
import { invalidUtf8Fault } from './kinds/invalid-utf8.fault.ts';
import { lateCopiesFault } from './kinds/late-copies.fault.ts';
import { latencyFault } from './kinds/latency.fault.ts';
import { lineEndingsFault } from './kinds/line-endings.fault.ts';
import { longLineFault } from './kinds/long-line.fault.ts';
import { lostAnswerFault } from './kinds/lost-answer.fault.ts';
import { manyFilesFault } from './kinds/many-files.fault.ts';
import { noFinalNewlineFault } from './kinds/no-final-newline.fault.ts';
import { outcomeInBundleFault } from './kinds/outcome-in-bundle.fault.ts';
import { pagedManifestFault } from './kinds/paged-manifest.fault.ts';
import { partialManifestFault } from './kinds/partial-manifest.fault.ts';
import { redirectFault } from './kinds/redirect.fault.ts';
import { refuseParameterFault } from './kinds/refuse-parameter.fault.ts';
import { regenerateFilesFault } from './kinds/regenerate-files.fault.ts';
import { relativeUrlsFault } from './kinds/relative-urls.fault.ts';
import { resetFault } from './kinds/reset.fault.ts';
import { retryAfterFault } from './kinds/retry-after.fault.ts';
import { slowFault } from './kinds/slow.fault.ts';
import { smallChunksFault } from './kinds/small-chunks.fault.ts';
import { stallFault } from './kinds/stall.fault.ts';
import { statusFault } from './kinds/status.fault.ts';
import { stringDetailsFault } from './kinds/string-details.fault.ts';
import { truncateFault } from './kinds/truncate.fault.ts';
import { unversionedChangeFault } from './kinds/unversioned-change.fault.ts';
import { wrongCountsFault } from './kinds/wrong-counts.fault.ts';

/** Every fault that can be ordered. A new one is a file in `kinds/` and a line here. */
export const faultKinds: readonly FaultKind[] = [
  latencyFault,
  statusFault,
  retryAfterFault,
  resetFault,
  lostAnswerFault,
  framingFault,
  truncateFault,
  stallFault,
  slowFault,
  smallChunksFault,
  corruptLineFault,
  editResourceFault,
  lineEndingsFault,
  bomFault,
  controlCharactersFault,
  invalidUtf8Fault,
  longLineFault,
  duplicateLinesFault,
  noFinalNewlineFault,
  exportFateFault,
  exportTypesFault,
  manyFilesFault,
  lateCopiesFault,
  deletionsFault,
  unversionedChangeFault,
  regenerateFilesFault,
  refuseParameterFault,
  wrongCountsFault,
  errorFileFault,
  partialManifestFault,
  pagedManifestFault,
  relativeUrlsFault,
  editDocumentFault,
  redirectFault,
  stringDetailsFault,
  outcomeInBundleFault,
  expireTokensFault,
  expireLinksFault,
  headersFault,
  ignoreRangeFault,
];
