import { useEffect, useEffectEvent, useState } from 'react';

export type StreamState = 'connecting' | 'live' | 'lost' | 'ended';

/** After an answer that is not a stream (the API restarts, too many streams), because the browser itself does not retry then. */
const reopenMs = 5000;

/**
 * Follows a stream of server-sent events while the component is mounted. If a stream ends, the browser reopens it.
 * @param options.url undefined for no stream
 * @param options.onEvent called for each event named in `events`, with its parsed data
 */
export function useEventStream(options: {
  readonly url: string | undefined;
  readonly events: readonly string[];
  readonly onEvent: (event: string, data: unknown) => void;
}): StreamState {
  const { url, events } = options;
  const [state, setState] = useState<StreamState>('connecting');
  const onEvent = useEffectEvent(options.onEvent);
  const names = events.join(' ');

  useEffect(() => {
    if (url === undefined) return setState('ended');
    let source: EventSource;
    let timer: number | undefined;
    const open = () => {
      source = new EventSource(url);
      source.onopen = () => setState('live');
      source.onerror = () => {
        setState('lost');
        if (source.readyState === EventSource.CLOSED) timer = window.setTimeout(open, reopenMs);
      };
      for (const name of names.split(' ')) {
        source.addEventListener(name, ({ data }: MessageEvent<string>) => onEvent(name, JSON.parse(data)));
      }
      source.addEventListener('end', () => {
        source.close();
        setState('ended');
      });
    };
    setState('connecting');
    open();
    return () => {
      window.clearTimeout(timer);
      source.close();
    };
  }, [url, names]);
  return state;
}
