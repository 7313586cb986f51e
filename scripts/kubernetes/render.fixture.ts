import { spawnSync } from 'node:child_process';
import { parseAllDocuments } from 'yaml';

/** The fields of an object that the tests read. Other fields are kept. */
export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  // biome-ignore lint/suspicious/noExplicitAny: kubernetes-models validates it; types for each kind would repeat that.
  readonly spec?: any;
  readonly data?: Readonly<Record<string, string>>;
}

/** @returns the reason why the objects cannot be rendered here, or undefined */
export function whyNoKubectl(): string | undefined {
  const { status, error } = spawnSync('kubectl', ['kustomize', '--help']);
  return status === 0 ? undefined : `there is no kubectl (${error?.message ?? `it exited with ${status}`})`;
}

/** Renders the objects of a kustomization. Needs no cluster. */
export function render(folder: string): readonly KubernetesObject[] {
  const { status, stdout, stderr } = spawnSync('kubectl', ['kustomize', folder], { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return parseAllDocuments(stdout).map((document) => document.toJS() as KubernetesObject);
}
