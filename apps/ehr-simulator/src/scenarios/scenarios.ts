import { kickOffScenarios } from './kick-off.scenarios.ts';
import { lineScenarios } from './line.scenarios.ts';
import { manifestScenarios } from './manifest.scenarios.ts';
import { resourceScenarios } from './resource.scenarios.ts';
import { serverScenarios } from './server.scenarios.ts';
import { deleteScenarios, statusScenarios } from './status.scenarios.ts';
import { transferScenarios } from './transfer.scenarios.ts';
import { vendorScenarios } from './vendor.scenarios.ts';

/** Every scenario. To add one, add an entry to a list, a check in `testing/` and its name in the README. */
export const scenarios = [
  ...serverScenarios,
  ...kickOffScenarios,
  ...statusScenarios,
  ...manifestScenarios,
  ...transferScenarios,
  ...lineScenarios,
  ...resourceScenarios,
  ...deleteScenarios,
  ...vendorScenarios,
] as const;

export type ScenarioName = (typeof scenarios)[number]['name'];
