import type { Connection as Database } from 'mongoose';

/** Told of each command; what it gives back is told how it ended. */
export type CommandObserver = (command: {
  readonly name: string;
  /** Undefined for commands that are about none. */
  readonly collection: string | undefined;
}) => ((failure?: string) => void) | undefined;

/** Tells of commands by name and collection. What they ask for and what comes back is patient data: nobody is told. */
export function watchCommands({ database, onCommand }: { database: Database; onCommand: CommandObserver }): void {
  const ends = new Map<number, (failure?: string) => void>();
  const end = (requestId: number, failure?: string) => {
    ends.get(requestId)?.(failure);
    ends.delete(requestId);
  };
  database
    .getClient()
    .on('commandStarted', ({ requestId, commandName: name, command }) => {
      // A cursor's own place for it; elsewhere it is the command's value.
      const given: unknown = name === 'getMore' ? command.collection : command[name];
      const ended = onCommand({ name, collection: typeof given === 'string' ? given : undefined });
      if (ended) ends.set(requestId, ended);
    })
    .on('commandSucceeded', ({ requestId }) => end(requestId))
    .on('commandFailed', ({ requestId, failure }) => end(requestId, failure.name));
}
