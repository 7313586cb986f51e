/** When a user looked at the overview. */
export interface Look {
  /** When the look before this one ended. Absent at the first look. */
  readonly since?: string;
  /** When the page was last visible. */
  readonly seenAt: string;
}

/** A page that was not visible for this long begins a new look when it is visible again. A reload or a visit to another page is not. */
const pauseMs = 30 * 60_000;

/** Continues a look, or begins the next one. */
export function nextLook(before: Look | undefined, now: Date): Look {
  const seenAt = now.toISOString();
  if (!before || Number.isNaN(Date.parse(before.seenAt))) return { seenAt };
  const isOver = now.getTime() - Date.parse(before.seenAt) > pauseMs;
  return isOver ? { since: before.seenAt, seenAt } : { ...before, seenAt };
}
