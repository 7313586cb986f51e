import { describe, test } from '@jest/globals';

/** Describes tests that need a tool. A machine without the tool skips them and shows the reason. */
export function describeWith<Tool extends object>(
  { title, tool }: { readonly title: string; readonly tool: Tool | { readonly missing: string } },
  define: (tool: Tool) => void,
): void {
  if ('missing' in tool) {
    console.warn(`These tests are skipped: ${title}. ${tool.missing}`);
    test.todo(title);
    return;
  }
  describe(title, () => define(tool));
}
