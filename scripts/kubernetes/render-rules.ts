import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { projectAddress } from '../project-address.ts';

const root = join(import.meta.dirname, '../..');
const prometheus = join(root, 'docker/prometheus');
export const alertsFile = join(prometheus, 'rules.yml');
export const rulesFile = join(root, 'docker/kubernetes/components/prometheus-operator/rules.yaml');

/** The alert rules with a link to the runbook beside each path of it, or without links if the project has no address. */
export function renderAlerts(address = projectAddress()): string {
  const text = readFileSync(alertsFile, 'utf8').replaceAll(/^ *runbook_url: .*\n/gm, '');
  if (address === undefined) return text;
  return text.replaceAll(/^( *)runbook: (.*)$/gm, `$&\n$1runbook_url: ${address}/blob/main/$2`);
}

/** The groups of both files, as they are, in one PrometheusRule. */
export function renderRules(): string {
  const files = [renderAlerts(), readFileSync(join(prometheus, 'slo.yml'), 'utf8')];
  const object = {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'PrometheusRule',
    metadata: { name: 'bulkhead' },
    spec: { groups: files.flatMap((text) => parse(text).groups) },
  };
  return `# Written by \`pnpm docs:alerts\` from docker/prometheus.\n${stringify(object, { lineWidth: 0 })}`;
}
