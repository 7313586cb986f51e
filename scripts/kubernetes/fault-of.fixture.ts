import * as apps from 'kubernetes-models/apps/v1';
import * as autoscaling from 'kubernetes-models/autoscaling/v2';
import * as batch from 'kubernetes-models/batch/v1';
import * as networking from 'kubernetes-models/networking.k8s.io/v1';
import * as policy from 'kubernetes-models/policy/v1';
import * as core from 'kubernetes-models/v1';
import type { KubernetesObject } from './render.fixture.ts';

type Models = Readonly<Record<string, new (given: never) => { validate(): void }>>;
const modelsOf: Readonly<Record<string, object>> = {
  v1: core,
  'apps/v1': apps,
  'autoscaling/v2': autoscaling,
  'batch/v1': batch,
  'networking.k8s.io/v1': networking,
  'policy/v1': policy,
};

/**
 * @returns the violations of Kubernetes' schema in an object: types, values, and missing fields. Unknown fields are not
 * detected.
 */
export function faultOf(object: KubernetesObject): string | undefined {
  const Model = (modelsOf[object.apiVersion] as Models | undefined)?.[object.kind];
  if (!Model) return `there is no ${object.apiVersion} ${object.kind}`;
  try {
    new Model(object as never).validate();
    return undefined;
  } catch (error) {
    return `${object.kind} ${object.metadata.name}: ${error instanceof Error ? error.message : String(error)}`;
  }
}
