import type { FaultKind } from './define-fault.ts';
import { bomFault } from './kinds/bom.fault.ts';
import { controlCharactersFault } from './kinds/control-characters.fault.ts';
import { corruptLineFault } from './kinds/corrupt-line.fault.ts';
import { duplicateLinesFault } from './kinds/duplicate-lines.fault.ts';
import { errorFileFault } from './kinds/error-file.fault.ts';
import { expireLinksFault } from './kinds/expire-links.fault.ts';
import { expireTokensFault } from './kinds/expire-tokens.fault.ts';
import { headersFault } from './kinds/headers.fault.ts';
import { ignoreRangeFault } from './kinds/ignore-range.fault.ts';
import { latencyFault } from './kinds/latency.fault.ts';
import { lineEndingsFault } from './kinds/line-endings.fault.ts';
import { noFinalNewlineFault } from './kinds/no-final-newline.fault.ts';
import { outcomeInBundleFault } from './kinds/outcome-in-bundle.fault.ts';
import { pagedManifestFault } from './kinds/paged-manifest.fault.ts';
import { partialManifestFault } from './kinds/partial-manifest.fault.ts';
import { redirectFault } from './kinds/redirect.fault.ts';
import { relativeUrlsFault } from './kinds/relative-urls.fault.ts';
import { resetFault } from './kinds/reset.fault.ts';
import { slowFault } from './kinds/slow.fault.ts';
import { smallChunksFault } from './kinds/small-chunks.fault.ts';
import { stallFault } from './kinds/stall.fault.ts';
import { statusFault } from './kinds/status.fault.ts';
import { stringDetailsFault } from './kinds/string-details.fault.ts';
import { truncateFault } from './kinds/truncate.fault.ts';
import { wrongCountsFault } from './kinds/wrong-counts.fault.ts';

/** Every fault that can be ordered. A new one is a file in `kinds/` and a line here. */
export const faultKinds: readonly FaultKind[] = [
  latencyFault,
  statusFault,
  resetFault,
  truncateFault,
  stallFault,
  slowFault,
  smallChunksFault,
  corruptLineFault,
  lineEndingsFault,
  bomFault,
  controlCharactersFault,
  duplicateLinesFault,
  noFinalNewlineFault,
  wrongCountsFault,
  errorFileFault,
  partialManifestFault,
  pagedManifestFault,
  relativeUrlsFault,
  redirectFault,
  stringDetailsFault,
  outcomeInBundleFault,
  expireTokensFault,
  expireLinksFault,
  headersFault,
  ignoreRangeFault,
];
