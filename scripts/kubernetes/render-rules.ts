import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';

const docker = join(import.meta.dirname, '../../docker');
export const rulesFile = join(docker, 'kubernetes/components/prometheus-operator/rules.yaml');

/** The groups of both files, as they are, in one PrometheusRule. */
export function renderRules(): string {
  const groups = ['rules.yml', 'slo.yml'].flatMap(
    (file) => parse(readFileSync(join(docker, 'prometheus', file), 'utf8')).groups,
  );
  const object = {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'PrometheusRule',
    metadata: { name: 'bulkhead' },
    spec: { groups },
  };
  return `# Written by \`pnpm docs:alerts\` from docker/prometheus.\n${stringify(object, { lineWidth: 0 })}`;
}
