import { z } from 'zod';
import { defineFault, type FaultKind } from './fault.ts';

/** These take effect when they are ordered, whatever they match. */
export const serverFaults: readonly FaultKind[] = [
  /** Changes settings (`options.ts`) until the orders are cancelled. null restores the default of a setting. */
  defineFault({
    kind: 'settings',
    fields: { set: z.record(z.string(), z.unknown()) },
    create: ({ set }) => ({ onOrder: ({ runtimeOptions }) => runtimeOptions.change(set) }),
  }),
  /** Adds a resource to the practice. It is JSON text, so that numbers keep their digits. */
  defineFault({
    kind: 'resource',
    fields: { text: z.string() },
    create: ({ text }) => ({
      onOrder: ({ practice }) => {
        const { resourceType: type, id } = JSON.parse(text);
        return practice.put({ type, id, text });
      },
    }),
  }),
];
