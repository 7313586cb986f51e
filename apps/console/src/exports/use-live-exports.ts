import { useQueryClient } from '@tanstack/react-query';
import { type StreamState, useEventStream } from '../api/use-event-stream.ts';

/** Has the list looked up again as soon as the newest exports are not what they were. */
export function useLiveExports(options: {
  readonly provider: string;
  readonly connectionId: string | undefined;
}): StreamState {
  const { provider, connectionId } = options;
  const queries = useQueryClient();
  const query = connectionId === undefined ? '' : `?${new URLSearchParams({ connectionId })}`;
  return useEventStream({
    url: `/api/ehr/${provider}/bulk-export/events${query}`,
    events: ['exports'],
    onEvent: () => void queries.invalidateQueries({ queryKey: ['get', '/api/ehr/{provider}/bulk-export'] }),
  });
}
