import { mergePatch, parseExact } from '../practice/exact-json.ts';
import type { Practice } from '../practice/practice.ts';
import { firstResources } from './first-resources.ts';

export interface ChangeFirstInput {
  readonly practice: Practice;
  readonly type: string;
  readonly keepMeta: boolean;
}

/** Changes the first resource of a type in the practice itself: it is the truth from now on. */
export async function changeFirst({ practice, type, keepMeta }: ChangeFirstInput): Promise<void> {
  for (const { id, text } of await firstResources({ practice, type, count: 1 })) {
    const patch = { language: `x-changed-${practice.sequence + 1}` };
    const changed = JSON.stringify(mergePatch({ target: parseExact(text), patch }));
    await practice.put({ type, id, text: changed, keepMeta });
  }
}
