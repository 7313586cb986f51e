import { deleteScenarios } from './delete.scenarios.ts';
import { deletionScenarios } from './deletion.scenarios.ts';
import { fileLinkScenarios } from './file-link.scenarios.ts';
import { kickOffScenarios } from './kick-off.scenarios.ts';
import { lineScenarios } from './line.scenarios.ts';
import { manifestScenarios } from './manifest.scenarios.ts';
import { negotiationScenarios } from './negotiation.scenarios.ts';
import { resumeScenarios } from './resume.scenarios.ts';
import { retryAfterScenarios } from './retry-after.scenarios.ts';
import { serverScenarios } from './server.scenarios.ts';
import { statusScenarios } from './status.scenarios.ts';
import { transferScenarios } from './transfer.scenarios.ts';
import { versionScenarios } from './version.scenarios.ts';

/** Every scenario. A new one is an entry in one of the lists, a check in `testing/`, and a line in the README. */
export const scenarios = [
  ...serverScenarios,
  ...kickOffScenarios,
  ...negotiationScenarios,
  ...retryAfterScenarios,
  ...statusScenarios,
  ...manifestScenarios,
  ...fileLinkScenarios,
  ...transferScenarios,
  ...resumeScenarios,
  ...lineScenarios,
  ...versionScenarios,
  ...deletionScenarios,
  ...deleteScenarios,
] as const;

export type ScenarioName = (typeof scenarios)[number]['name'];
