import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from 'playwright-core';

/** The levels A and AA of WCAG 2.0 to 2.2. */
const rules = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];

/** @returns the findings of axe: the rule, the element, and the reason */
export async function faultsOfAccessibility(page: Page): Promise<readonly string[]> {
  const { violations } = await new AxeBuilder({ page }).withTags(rules).analyze();
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${target.join(' ')}: ${failureSummary}`),
  );
}
