import { Badge } from '@mantine/core';
import { type FhirResource, labelsOf } from './describe-resource.ts';

/** The labels of `meta.security`: an EHR labels the resources of restricted patients. */
export function Labels({ meta }: Pick<FhirResource, 'meta'>) {
  return labelsOf(meta).map((label) => (
    <Badge key={label} color="orange" variant="dot" mr={4}>
      {label}
    </Badge>
  ));
}
