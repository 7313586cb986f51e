import { answerOf } from '@bulkhead/client';
import { Alert, Button, Group, Modal, Stack, Text, Textarea } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, client, type QuarantinedLine } from '../api/api.ts';
import { tell } from '../parts/dialogs.ts';
import { Facts } from '../parts/facts.tsx';
import { formatBytes, formatCount } from '../parts/format.ts';
import { LookedUp, Problem } from '../parts/page.tsx';
import { useSession } from '../session/session-provider.tsx';

interface LineModalProps {
  readonly line: QuarantinedLine;
  readonly onClose: () => void;
}

/** The place and the reason of a line or an entry; for operators its content, to be stored again as it is or corrected. */
export function LineModal({ line, onClose }: LineModalProps) {
  const { isOperator } = useSession();
  const { reason, replay } = line;
  return (
    <Modal opened onClose={onClose} title={`${placeOf(line)}: ${reason}`} size="xl">
      <Stack>
        <Facts
          facts={{
            ...factsOf(line),
            Size: formatBytes(line.sizeBytes),
            Corrected: line.isCorrected ? 'yes' : '',
          }}
        />
        {line.isTruncated && (
          <Alert color="yellow" title="The line is not complete">
            {formatBytes(line.keptBytes)} of it were kept. Enter the whole line to store it, or start a new export.
          </Alert>
        )}
        {replay?.reason && (
          <Alert color="yellow" title="The last replay">
            It is still no usable line: {replay.reason}
          </Alert>
        )}
        {isOperator ? (
          <LineEditor line={line} onDone={onClose} />
        ) : (
          <Text size="sm">What it holds is for operators to see.</Text>
        )}
      </Stack>
    </Modal>
  );
}

function factsOf({ source, exportId, fileId, stepId, offset }: QuarantinedLine) {
  if (source === 'sync') return { 'Sync run': exportId, Step: stepId };
  return { Export: exportId, File: fileId, 'Starts at byte': offset };
}

function LineEditor({ line, onDone }: { readonly line: QuarantinedLine; readonly onDone: () => void }) {
  const { id, isTruncated } = line;
  const init = { params: { path: { id } }, parseAs: 'text' as const };
  // Once: each look stands in the audit log, and an edit must not be overwritten by the next look.
  const once = { refetchInterval: false, refetchOnWindowFocus: false, staleTime: Number.POSITIVE_INFINITY } as const;
  const found = api.useQuery('get', '/api/ehr/quarantine/{id}/line', init, once);
  return (
    <LookedUp query={found}>
      {(text) => <Editor id={id} received={String(text)} isTruncated={isTruncated} onDone={onDone} />}
    </LookedUp>
  );
}

function Editor({
  id,
  received,
  isTruncated,
  onDone,
}: {
  readonly id: string;
  readonly received: string;
  readonly isTruncated: boolean;
  readonly onDone: () => void;
}) {
  const queries = useQueryClient();
  const [text, setText] = useState(received);
  const [error, setError] = useState<unknown>();
  const [isBusy, setBusy] = useState(false);
  const replay = async (corrected: string | undefined) => {
    setBusy(true);
    setError(undefined);
    try {
      const { state, replay: outcome } = await replayLine({ id, corrected });
      await queries.invalidateQueries({ queryKey: ['get', '/api/ehr/quarantine'] });
      if (state === 'open') throw new Error(`It is still no usable line: ${outcome?.reason ?? 'no reason given'}`);
      tell.done(state === 'withheld' ? 'The line is of an erased patient and was not stored.' : 'The line is stored.');
      onDone();
    } catch (failure) {
      setError(failure);
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      <Textarea
        label="The line"
        autosize
        minRows={4}
        maxRows={20}
        styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)' } }}
        value={text}
        onChange={({ currentTarget }) => setText(currentTarget.value)}
      />
      {error !== undefined && <Problem error={error} />}
      <Group justify="end">
        <Button
          variant="default"
          loading={isBusy}
          disabled={isTruncated || text !== received}
          onClick={() => void replay(undefined)}
        >
          Replay as it is
        </Button>
        <Button loading={isBusy} disabled={text === received} onClick={() => void replay(text)}>
          Replay corrected
        </Button>
      </Group>
    </>
  );
}

/** @param options.corrected undefined: as it is */
async function replayLine(options: {
  readonly id: string;
  readonly corrected: string | undefined;
}): Promise<QuarantinedLine> {
  const { id, corrected } = options;
  const answer = await client.POST('/api/ehr/quarantine/{id}/replay', {
    params: { path: { id } },
    // The text itself: as an object its numbers would lose the text that they are written with.
    ...(corrected === undefined
      ? {}
      : { body: corrected, bodySerializer: String, headers: { 'content-type': 'application/fhir+json' } }),
  });
  return answerOf(answer).data;
}

/** The line of a file, or the page of a search and the entry on it, from 1. */
export function placeOf({ source, resourceType, line, offset }: QuarantinedLine): string {
  if (source !== 'sync') return `Line ${formatCount(line)}`;
  return `${resourceType ?? 'Search'}, page ${formatCount(line)}, entry ${formatCount(offset + 1)}`;
}
