import { isJsonObject } from './is-json-object.ts';

export interface MergePatchInput {
  readonly target: unknown;
  readonly patch: unknown;
}

/** RFC 7396: members of the patch replace those of the target, objects are merged, null takes a member out. */
export function mergePatch({ target, patch }: MergePatchInput): unknown {
  if (!isJsonObject(patch)) return patch;
  const merged: Record<string, unknown> = isJsonObject(target) ? { ...target } : {};
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete merged[name];
    else merged[name] = mergePatch({ target: merged[name], patch: value });
  }
  return merged;
}
