import { spawnSync } from 'node:child_process';
import { parseAllDocuments } from 'yaml';

/** What the rules look at of an object; the rest is kept as it is. */
export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  // biome-ignore lint/suspicious/noExplicitAny: kubernetes-models has looked at it; a type for each kind would say it again.
  readonly spec?: any;
  readonly data?: Readonly<Record<string, string>>;
}

/** @returns why nothing can be rendered here, or undefined. */
export function whyNoKubectl(): string | undefined {
  const { status, error } = spawnSync('kubectl', ['kustomize', '--help']);
  return status === 0 ? undefined : `there is no kubectl (${error?.message ?? `it ended with ${status}`})`;
}

/** The objects of a kustomization; needs no cluster. */
export function render(folder: string): readonly KubernetesObject[] {
  const { status, stdout, stderr } = spawnSync('kubectl', ['kustomize', folder], { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return parseAllDocuments(stdout).map((document) => document.toJS() as KubernetesObject);
}
