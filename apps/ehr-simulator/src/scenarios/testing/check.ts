import type { SimulatorClient } from '../../testing/simulator-client.ts';
import type { ScenarioName } from '../scenarios.ts';

/** Looks at the wire of a fresh simulator after one scenario was ordered. */
export type Check = (client: SimulatorClient) => Promise<void>;

/** A part of the scenarios, by name. */
export type Checks = Partial<Record<ScenarioName, Check>>;
