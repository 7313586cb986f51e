import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from 'playwright-core';

/** The levels A and AA of WCAG 2.0 to 2.2. */
const rules = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];

/** @returns the findings of axe: the rule, the element, and the reason */
export async function faultsOfAccessibility(page: Page): Promise<readonly string[]> {
  // Otherwise each analysis opens another page for frames of other sites, which our pages do not have, and also lists what has passed.
  const builder = new AxeBuilder({ page }).setLegacyMode().options({ resultTypes: ['violations'] });
  const { violations } = await builder.withTags(rules).analyze();
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${target.join(' ')}: ${failureSummary}`),
  );
}
