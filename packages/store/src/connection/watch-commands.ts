import type { Connection } from 'mongoose';

/** Called when a command starts. It may return a function that is called when the command ends, with the name of the error if it failed. */
export type CommandObserver = (command: {
  readonly name: string;
  /** Undefined for commands that do not use a collection. */
  readonly collection: string | undefined;
}) => ((failure?: string) => void) | undefined;

/** Reports commands by name and collection only. Their arguments and results contain patient data, so they are never passed on. */
export function watchCommands({ connection, onCommand }: { connection: Connection; onCommand: CommandObserver }): void {
  const ends = new Map<number, (failure?: string) => void>();
  const end = (requestId: number, failure?: string) => {
    ends.get(requestId)?.(failure);
    ends.delete(requestId);
  };
  connection
    .getClient()
    .on('commandStarted', ({ requestId, commandName: name, command }) => {
      // `getMore` has a field for the collection. In other commands it is the value of the command's name.
      const target: unknown = name === 'getMore' ? command.collection : command[name];
      const ended = onCommand({ name, collection: typeof target === 'string' ? target : undefined });
      if (ended) ends.set(requestId, ended);
    })
    .on('commandSucceeded', ({ requestId }) => end(requestId))
    .on('commandFailed', ({ requestId, failure }) => end(requestId, failure.name));
}
